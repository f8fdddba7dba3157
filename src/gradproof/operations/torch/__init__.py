"""PyTorch: modules, ``autograd.Function``s, custom operators and hooks, looked at in one graph."""
