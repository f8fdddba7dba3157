"""The public calls that check something, and what they ask for."""
