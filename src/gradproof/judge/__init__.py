"""Comparing: intervals, verdicts and every threshold of the package."""
