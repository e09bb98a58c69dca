"""What the tests of experiments have in common."""

from restudy.experiments import running


def tabulate(function, data):
    """Return the table of an experiment's function, unchecked."""
    return running.tabulate(function.declaration, function(data), function.__name__)
