"""Measuring speed: training beside what people would use instead, and a study beside the same runs.

``python -m bench.training``, ``bench.probes`` and ``bench.study``; ``make bench`` runs all three.
``python -m bench.profile`` tells where the time of a step goes. See docs/performance.md.
"""
