"""Benchmarks: training speed, probes, a study, large runs, and the same numbers elsewhere.

``make bench`` runs ``bench.training``, ``bench.probes`` and ``bench.study``; ``make load`` runs
``bench.load``. ``python -m bench.profile`` profiles a step, ``python -m bench.same`` compares the
numbers of other processors. See docs/performance.md and docs/same-numbers.md.
"""
