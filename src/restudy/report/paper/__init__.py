"""The paper: what a run of the pipeline found, in a short text, every number from its tables."""
