"""restudy: run published experiments on fully connected networks again, and judge every number."""

__version__ = "0.1.0"
