"""What ``gradproof demo`` plays: the article's network, right and with its two faults."""
