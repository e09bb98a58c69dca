"""How far a run of the pipeline is, and the time left."""
