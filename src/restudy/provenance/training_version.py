"""The version of what training computes."""

TRAINING_VERSION = 1
"""Part of what identifies the numbers of a run, in place of a digest of the code that trained it.

Raise it by one with every change after which the same recipe gives other numbers, or after which
the files of a group hold other columns. All runs are then trained anew. Moving, renaming, rewording
and speeding up leave it as it is. ``tests/training/test_version.py`` trains tiny networks in
float64 and fails when their numbers change; what shows in float32 alone (the arithmetic path,
denormals) it cannot see.
"""
