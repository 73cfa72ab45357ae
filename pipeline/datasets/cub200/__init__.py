"""CUB-200-2011 (Wah et al., 2011): birds with parts and 312 attributes an image, for retrieval and explanations."""
