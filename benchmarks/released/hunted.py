"""The hunt for one pair, in a process of its own."""

from __future__ import annotations

import importlib
import time
import warnings
from functools import cache

import gradproof as gp

SECONDS = 4.0  # for the tries of one pair and looking into what they show


@cache
def pairs(library):
    """The pairs of a library; none where it is not installed."""
    warnings.simplefilter("ignore")
    try:
        return tuple(importlib.import_module(f"released.of_{library}").pairs())
    except ImportError:
        return ()


def hunted(library, number, tries):
    """What comes of one pair, as plain data."""
    pair = pairs(library)[number]
    warnings.simplefilter("ignore")
    began = time.process_time()
    said = {"library": library, "name": pair.name, "found": [], "why": ""}
    try:
        hunt = gp.hunt(pair.fun, pair.point, grad=pair.grad, tries=tries, seconds=SECONDS)
        said |= {"tries": hunt.tries, "skipped": hunt.skipped}
        said["found"] = [(f.cause, str(f.report.verdict), f.confirmed_by) for f in hunt.found]
    except gp.UsageError as error:
        said |= {"tries": 0, "skipped": 0, "why": str(error)[:200]}
    return said | {"seconds": time.process_time() - began}
