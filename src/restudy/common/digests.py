"""Digests: a few hexadecimal digits that stand for plain values."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def digest(value: Any, digits: int = 16) -> str:
    """Return hexadecimal digits that stand for a value, whatever the order of its mappings' keys.

    Ids that are kept end in them: if one changes, what was trained under it is trained again.

    Args:
        value: anything that JSON can write.
        digits: how many, 64 at most.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
