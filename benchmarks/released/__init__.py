"""Functions of released packages with what they say their derivatives are, one for each option."""
