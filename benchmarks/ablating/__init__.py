"""Rules switched off, one at a time: the table of them, and what is said without each."""
