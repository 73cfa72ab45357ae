"""Similarity mining (SAM): training that erases what a model attends to, and looks at what is left."""
