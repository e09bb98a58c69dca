"""From a number back to what it comes from, and a run as a research object crate."""
