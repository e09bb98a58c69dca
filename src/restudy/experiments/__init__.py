"""Small deterministic experiments, for claims that no training study of the pipeline can test."""
