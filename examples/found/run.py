"""Which faults are still there in the versions that are installed: runs every script beside this.

Each script has ``claim()``, what the package says, and ``truth()``, a number known in another way.
"""

import importlib.metadata
import importlib.util
import math
import sys
import warnings
from pathlib import Path


def state(path):
    """What is to be said of one script, and whether its fault is there."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    script = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(script)
        claim, truth = float(script.claim()), float(script.truth())
    except ImportError as error:
        return f"not installed ({error.name})", None
    except Exception as error:
        return f"could not run: {type(error).__name__}: {error}", None
    version = f"{script.PACKAGE} {importlib.metadata.version(script.PACKAGE)}"
    there = not math.isclose(claim, truth, rel_tol=1e-4)
    said = "still there" if there else "gone"
    return f"{said} in {version}: claim {claim:.9g}, truth {truth:.9g}", there


def main():
    warnings.simplefilter("ignore")
    states = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name == "run.py":
            continue
        said, there = state(path)
        states.append(there)
        print(f"{path.stem}: {said}")
    print(
        f"{states.count(True)} still there, {states.count(False)} gone, "
        f"{states.count(None)} not tried"
    )


if __name__ == "__main__":
    sys.exit(main())
