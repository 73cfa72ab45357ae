"""Rendered product-like items with known drivers: any can be drawn again with one attribute changed."""
