"""Intervals, paired differences and the decomposition of variance: pure functions."""
