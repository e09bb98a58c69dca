"""The engine of a project's own computations: their declarations, and what runs them."""
