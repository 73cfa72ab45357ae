"""Training of a similarity network on classes or graded targets."""
