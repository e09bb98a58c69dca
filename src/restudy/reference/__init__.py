"""The reference: results of one run that are kept in git, and how others are held against it."""
