"""Are there known vulnerabilities in what a lock file pins? ``python -m envs.audit LOCK...``.

Asks pip-audit, which needs the network. It ends with 0 when it could not look a package up; here
only packages that were looked up, all of them, and without a finding, give 0. Status 1: something
is known. Status 2: not everything could be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

_SHOWN = 5


def judge(output: str) -> tuple[int, list[str]]:
    """Return status and lines for what pip-audit printed as JSON.

    Args:
        output: its standard output; anything that is no report counts as no answer.
    """
    try:
        packages = json.loads(output)["dependencies"]
        known = [one for one in packages if one.get("vulns")]
        skipped = [one["name"] for one in packages if "skip_reason" in one]
    except (ValueError, KeyError, TypeError, AttributeError):
        return 2, ["NOT AUDITED: pip-audit gave no report; can it reach its database?"]
    if not packages:
        return 2, ["NOT AUDITED: the lock files hold no packages."]
    if len(skipped) == len(packages):
        return 2, [
            f"NOT AUDITED: the advisory database knows none of the {len(packages)} packages: "
            "what answers here is probably a mirror without advisories."
        ]
    lines = [
        f"{one['name']} {one['version']}: {found['id']}, "
        f"mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for one in known
        for found in one["vulns"]
    ]
    if skipped:
        more = f" and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        lines.append(f"NOT AUDITED: {', '.join(skipped[:_SHOWN])}{more}.")
    counted = len(packages) - len(skipped)
    lines.append(f"{counted} packages audited, {len(known)} of them with known vulnerabilities.")
    return (1 if known else 2 if skipped else 0), lines


def audit(lock: str) -> int:
    """Audit one lock file, print what is found, and return the status."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format=json"]
    command += ["--progress-spinner=off", f"--requirement={lock}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    status, lines = judge(done.stdout)
    if not done.stdout.strip() and done.stderr.strip():
        lines.append(f"pip-audit: {done.stderr.strip().splitlines()[-1]}")
    print("\n".join(f"{lock}: {line}" for line in lines))
    return status


def main(locks: Sequence[str]) -> int:
    """Audit lock files, each by itself: they may pin different versions of one package."""
    found = [audit(lock) for lock in locks]
    return 1 if 1 in found else max(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["requirements.lock"]))
