"""What a user may write: recipes, studies and the settings of a run, as strict models."""
