"""Layers with a forward and a backward of their own, however they are written."""
