"""Names that were changed: an error about an old name suggests the new one.

The entries serve all files: a new name is suggested only where it is allowed.
"""

from __future__ import annotations

RENAMED_KEYS: dict[str, str] = {}
"""Old -> new name of a key of ``config.yaml``, a study or a file of evidence."""

RENAMED_VALUES: dict[str, dict[str, str]] = {}
"""Key (its new name, without what it is nested in) -> old -> new name of a value."""
