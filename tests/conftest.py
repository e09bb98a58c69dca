"""What all tests share: no work outside a temporary folder, one thread."""

import os

# Two test processes side by side on two cores are faster than one with two threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
