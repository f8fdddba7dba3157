"""Replicas of gradient bugs that hide, each beside its right twin."""
