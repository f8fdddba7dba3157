"""Which value on the way is wrong, and what it should be: tried out in the user's own backward.

The gradient's function runs again with one expression answering something else, and the gradient
that comes out is compared with all that was measured. No evaluation of ``fun`` is spent on it.
"""
