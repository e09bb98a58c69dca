"""The compiled engine: one network at a time, a block of steps as one call of machine code."""
