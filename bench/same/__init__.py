"""What another machine computes: ``python -m bench.same``. See docs/same-numbers.md.

The same small trainings, tables and random numbers, each time in a process whose libraries are told
to be those of another processor, beside what they are here.
"""
