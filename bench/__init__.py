"""Measuring training speed; see docs/architecture.md."""
