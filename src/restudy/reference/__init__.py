"""Results kept in git, made in one go or in parts, and comparison of a run with them."""
