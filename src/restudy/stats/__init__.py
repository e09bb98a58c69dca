"""Intervals, tests, verdicts and the decomposition of variance: pure functions of arrays."""
