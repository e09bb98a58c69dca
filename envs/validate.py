"""Hold an RO-Crate against its profile, without the network: ``python -m envs.validate CRATE``.

The validator would fetch the JSON-LD context of RO-Crate 1.1 from the web each time that its cache
is empty. ``ro-crate-1.1.jsonld`` is that file, as it was published (CC0), and is handed to it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_COPY = Path(__file__).with_name("ro-crate-1.1.jsonld")


def main(crate: str, severity: str = "REQUIRED") -> int:
    """Print what the validator finds; return the number of requirements that are not met.

    Args:
        crate: the folder.
        severity: ``REQUIRED`` or ``RECOMMENDED``: from where on a requirement counts.
    """
    from rocrate_validator import services  # only in .venv-tools
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    HttpRequester.get = _get  # what the class has of its own goes before its delegation
    result = services.validate(
        ValidationSettings(
            rocrate_uri=crate,
            profile_identifier="workflow-run-crate",
            requirement_severity=Severity[severity],
            skip_availability_check=True,  # of the data's addresses on the web
        )
    )
    issues = result.get_issues()
    for issue in issues:
        where = f" ({issue.violatingEntity})" if issue.violatingEntity else ""
        print(f"{issue.severity.name}: {issue.check.name}: {issue.message}{where}")
    told = (
        f"{len(issues)} of the requirements are not met" if issues else "every requirement is met"
    )
    print(f"{crate}: Workflow Run Crate 0.5, {severity.lower()}: {told}")
    return len(issues)


def _get(requester: Any, url: str, *arguments: Any, **options: Any) -> Any:
    """Answer for the web where the copy is asked for."""
    from requests import Response

    if url != CONTEXT:
        return requester.__getattr__("get")(url, *arguments, **options)
    answer = Response()
    answer.status_code, answer.url = 200, url
    answer.headers["Content-Type"] = "application/ld+json"
    answer._content = _COPY.read_bytes()
    return answer


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
