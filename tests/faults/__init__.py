"""Faults that are really made, and what becomes of a run: what docs/faults.md says, tested.

=======================  ========================================================================
``test_kills.py``        the whole pipeline killed at random moments; one of its jobs; itself
                         without its jobs; a second one beside it; too little memory
``test_disks.py``        a disk that is full (a small tmpfs) or cannot be written to (mounted
                         read-only) in training, tracking, drawing
``test_stores.py``       an MLflow store that is locked, deleted, broken, cut off, or silent
``test_mirrors.py``      places with data that hang, trickle, break off, serve altered bytes or
                         the page of a network that wants a login
``test_clocks.py``       a clock that is set back, or forward, between two runs and in one
=======================  ========================================================================

After each fault it is asked: does the message say what to do? Does the same command, given again,
end with the same numbers to the bit, and with every run in MLflow once? Is anything half-written
taken for finished?

Mounting takes root; where that is not allowed the tests that need it are skipped, and say so.
``make test-faults`` kills a run of the quick scale ten times. By itself pytest kills a tiny one
twice (``RESTUDY_KILLS``, ``RESTUDY_KILLS_SCALE``).

Other tests make smaller faults, in parts of the pipeline: ``tests/results/test_group_files.py`` and
``tests/training/test_checkpoints.py`` (damaged files), ``tests/training/test_train_job.py`` (jobs
that fail), ``tests/tracking`` (stores that are down), ``tests/data`` (mirrors), ``tests/fuzz``
(whatever may stand in a file).
"""
