"""Print the lowest versions that pyproject.toml declares, as pins: ``python -m envs.oldest``.

``make test-min-versions`` builds an environment of them and runs tests in it, so that a floor that
is too low is noticed. What those packages need themselves is left to pip: the newest that fits.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
# What the tests themselves, and installing this package, need.
_BESIDE = ("editables", "hatchling", "hypothesis", "pytest", "pytest-xdist")


def floors(project: Path = _PROJECT) -> list[str]:
    """Return ``name==lowest version`` for each dependency.

    Raises:
        ValueError: a dependency declares none.
    """
    asked = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    found = []
    for line in asked:
        parts = re.match(r"([\w.-]+)\s*(?:>=|==)\s*([\w.]+)", line)
        if parts is None:
            raise ValueError(f"{line}: declares no lowest version")
        found.append(f"{parts[1]}=={parts[2]}")
    return found


if __name__ == "__main__":
    print("\n".join([*floors(), *_BESIDE]))
