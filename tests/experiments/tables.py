"""What the tests of experiments have in common."""

import pandas as pd


def tabulate(function, data):
    """Return what an experiment's function yields, with the declared columns."""
    return pd.DataFrame(list(function(data)), columns=function.declaration.columns)
