"""What is checked: a function, its claimed gradient, and the guards around both."""
