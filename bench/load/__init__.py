"""What large runs cost: ``make load`` (``python -m bench.load``). See docs/performance.md.

Planning and dry-running a study of thousands of cells, training jobs that log into one store at
once, a store with thousands of runs in the UI, and the memory of what reads all results.
"""
