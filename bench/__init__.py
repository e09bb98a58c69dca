"""Measuring speed: training beside what people would use instead, and a study beside the same runs.

``python -m bench.training`` and ``python -m bench.study``; ``make bench`` runs both.
``python -m bench.profile`` tells where the time of a step goes. See docs/performance.md.
"""
