"""The stacked network: all runs of one shape trained at once, along a leading dimension."""
