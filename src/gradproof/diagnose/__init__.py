"""One suspicion per file: each asks what would explain the disagreement, and how much of it."""
