"""A sliding window: how far the score drops where it removes pixels."""
