"""The figures: each a function from result tables to a :class:`restudy.figures.style.Drawing`."""
