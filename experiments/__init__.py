"""What this project computes beside its studies: small experiments, tables and drawings."""
