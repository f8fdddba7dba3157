"""Verdicts written down case by case, and how a later run is compared with them."""
