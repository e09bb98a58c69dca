"""What the command line and the Snakefile call."""
