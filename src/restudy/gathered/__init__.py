"""The full scale, study by study: what runs of some studies found, gathered in one place."""
