"""What is measured beside the metrics, where a recipe asks for it; :mod:`.measure` is the door."""
