"""What to measure next, given what is known: one strategy a file."""
