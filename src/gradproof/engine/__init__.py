"""One check: a state, a loop, and what is said of it."""
