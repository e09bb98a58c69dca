"""What large runs cost: ``make load`` (``python -m bench.load``). See docs/performance.md."""
