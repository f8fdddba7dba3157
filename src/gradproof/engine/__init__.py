"""One check: a state, a loop, and what is told of it."""
