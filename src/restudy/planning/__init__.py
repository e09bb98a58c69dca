"""From study files to groups of runs and jobs, and what they cost."""
