"""The jobs of the toy graph; tests copy this package into a tree of their own and edit it there."""
