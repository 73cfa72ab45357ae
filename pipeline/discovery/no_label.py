"""What stands for a label where images have none, until attributes are discovered."""

# The label, and the only attribute, of images without any; both are replaced later.
NO_LABEL = "unlabelled"
