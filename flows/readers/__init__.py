"""What jobs read of earlier stages, as arrays in the shape in which the method takes them."""
