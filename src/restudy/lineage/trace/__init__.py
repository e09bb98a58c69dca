"""From a number, claim, figure or run back to configuration, commit, data and MLflow run."""
