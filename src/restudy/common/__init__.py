"""Helpers that nearly every room needs: errors, atomic files, digests, numbers as text."""
