"""Files of a group of runs; the tables of studies and evidence, each declared once."""
