"""Functions of released packages hunted for wrong derivatives, one for each choice of options.

python benchmarks/released_pairs.py [--only WORD] [--most N] [--tries N] [--workers N]
        [--json FILE]

Of each library 220 pairs are taken, evenly among all, or so many as --most says. A file has a line
for each pair that was hunted; with a file that exists the rest is hunted.

What is shown as wrong is confirmed by a second oracle, or by hand with the reason that stands in
``released/by_hand.py``; the exit status says whether 95 % of it is, within 30 minutes. Packages
that are not installed are left out (`pip install gradproof[found]` brings them).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from joblib import Parallel, delayed
from released.by_hand import BY_HAND
from released.hunted import hunted, pairs

LIBRARIES = ("scipy", "sklearn", "statsmodels", "jax", "torch")
MINUTES, SHARE = 30, 0.95


def reason(name, cause):
    """How a fault was confirmed by hand, or "" where it was not."""
    said = f"{name}: {cause}"
    return next((how for pattern, how in BY_HAND.items() if fnmatchcase(said, pattern)), "")


def judged(result):
    """Each fault of a pair that is shown, with how it is confirmed."""
    for cause, verdict, oracles in result["found"]:
        yield cause, verdict, ", ".join(oracles) or reason(result["name"], cause)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--most", type=int, default=220)
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    results = known(wanted.json)
    done = {result["name"] for result in results}
    jobs = [
        job for job in chosen(wanted.most, wanted.only) if pairs(job[0])[job[1]].name not in done
    ]
    run = Parallel(n_jobs=wanted.workers, return_as="generator", pre_dispatch="2*n_jobs")
    for result in run(delayed(hunted)(*job, wanted.tries) for job in jobs):
        results.append(result)
        if wanted.json:
            with wanted.json.open("a") as file:
                file.write(json.dumps(result) + "\n")
        for cause, verdict, how in judged(result):
            print(f"{result['name']}: {verdict} {cause}: {how or 'NOT CONFIRMED'}", flush=True)
    return summary(results, wanted.workers)


def chosen(most, word):
    """Which pairs are hunted: the library of each, and its number there."""
    for library in LIBRARIES:
        count = len(pairs(library))
        for number in [k * count // min(count, most) for k in range(min(count, most))]:
            if word in f"{library} {pairs(library)[number].name}":
                yield library, number


def known(file):
    """What a file holds already."""
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().splitlines()]


def summary(results, workers):
    """Print the table; the exit status."""
    minutes = sum(result["seconds"] for result in results) / 60 / workers
    shown, confirmed = Counter(), Counter()
    for result in results:
        for _, _, how in judged(result):
            shown[result["library"]] += 1
            confirmed[result["library"]] += bool(how)
    print("\n| library | pairs | tries | shown as wrong | confirmed |\n|---|---|---|---|---|")
    for library in LIBRARIES:
        mine = [result for result in results if result["library"] == library and not result["why"]]
        tries = sum(result["tries"] for result in mine)
        print(f"| {library} | {len(mine)} | {tries:,} | {shown[library]} | {confirmed[library]} |")
    failed = [result for result in results if result["why"]]
    print(f"\n{minutes:.1f} minutes of {workers} processes, by their clocks; "
          f"{len(failed)} pairs could not be called")  # fmt: skip
    for result in failed:
        print(f"  {result['name']}: {result['why']}")
    enough = confirmed.total() >= SHARE * shown.total() and minutes <= MINUTES
    return 0 if enough and results else 1


if __name__ == "__main__":
    sys.exit(main())
