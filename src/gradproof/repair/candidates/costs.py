"""What no pattern can say has a generator; these are the costs of what those write."""

from __future__ import annotations

COSTS = {
    "said": 1.0,
    "factor that is said": 2.7,
    "name of the same shape": 1.5,
    "name of which nobody knows": 2.5,
    "name of another shape": 3.2,
    "key of the same shape": 1.4,
    "key": 1.8,
    "values exchanged": 1.5,
    "names of a neighbour": 1.9,
    "term of a neighbour": 2.3,
    "order of axes": 1.6,
    "arguments": 2.0,
    "callee": 2.0,
    "index": 1.5,
    "rare index": 2.2,
    "accumulate": 1.3,
    "rarely accumulated": 2.2,
    "stray statement": 1.4,
    "statement": 2.0,
    "move": 2.6,
}
