"""The page: one HTML file that holds everything it shows.

``render`` renders a template for each section, in the order of the files ``templates/sections/``.
Templates take data from the view model and tables for people from the modules ``*_tables``.
"""
