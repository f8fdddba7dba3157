"""Which call is at fault: one forward and backward pass, and a few passes forward, for all calls.

A framework that can be looked into has a package of its own here, imported when it is needed.
"""
