"""The space of parameters: the point as named leaves, and directions through it."""
