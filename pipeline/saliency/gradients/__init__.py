"""What generators that take gradients share: finding a layer, and maps from its channels."""
