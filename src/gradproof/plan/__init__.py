"""What to measure next, given what is known."""
