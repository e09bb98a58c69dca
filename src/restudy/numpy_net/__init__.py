"""The network of S1 written out by hand in NumPy, small enough to teach from."""
