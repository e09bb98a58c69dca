"""What large runs cost: ``python -m bench.load``. See docs/performance.md."""
