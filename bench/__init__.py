"""Benchmarks: training speed, diagnostics, a study, large runs, and the same numbers elsewhere.

``make bench`` runs ``bench.training``, ``bench.diagnostics`` and ``bench.study``; ``make
bench-scale`` runs
``bench.load``. ``python -m bench.profile`` profiles a step, ``python -m bench.same`` compares the
numbers of other processors. See docs/performance.md and docs/same-numbers.md.
"""
