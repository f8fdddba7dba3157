"""Array libraries: all that is known of NumPy, PyTorch and JAX, one file for each."""
