"""The search for an input at which a gradient is wrong: spaces, tries, hits and what is said."""
