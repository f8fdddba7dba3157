"""What a person, or a machine, gets to read: one set of facts and its renderers."""
