"""The data sets: where they come from, how they are checked, prepared, split and scaled.

``registry`` describes them, ``fetch`` gets the raw files, ``prepare`` makes one file per data set,
``load`` reads that file, splits it and scales it. Nothing is imported here, so that reading the
registry (which the Snakefile does) stays cheap.
"""
