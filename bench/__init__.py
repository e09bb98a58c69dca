"""Measuring speed: training beside what people would use instead, and a study beside the same runs.

``python -m bench.training`` and ``python -m bench.study``; ``make bench`` runs both. See
docs/architecture.md.
"""
