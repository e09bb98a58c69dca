"""Fuzzing for a while: ``python -m tests.fuzz [--minutes 10] [--only NAME]``.

Ends with status 1 and a list of what crashed, each with the smallest input found.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS

EXAMPLES = 300


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--only", choices=TARGETS, action="append", metavar="NAME")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    tried, broken = dict.fromkeys(options.only or TARGETS, 0), {}
    print(f"seed {options.seed}", flush=True)
    for number in itertools.count(options.seed):
        for name in [name for name in tried if name not in broken]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    fuzz(TARGETS[name], Path(folder), EXAMPLES, seed=number)
                except Exception:
                    broken[name] = traceback.format_exc()
                    print(f"{name}: crashed", flush=True)
            tried[name] += EXAMPLES
        if time.monotonic() > end or len(broken) == len(tried):
            break
    for name, report in broken.items():
        print(f"\n== {name}\n{report}")
    print("\n".join(f"{name:24}{count:8,} inputs" for name, count in tried.items()))
    sys.exit(f"{len(broken)} of {len(tried)} readers crashed" if broken else 0)


if __name__ == "__main__":
    main()
