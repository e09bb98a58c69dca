"""What the sources printed, claimed, got wrong and built, and what became of each of them."""
