"""A fully connected network written out by hand in NumPy, small enough to teach from."""
