"""The report: one HTML page that holds everything it shows.

``parts`` is what a page is made of, ``build`` reads the results and asks a module a section for its
part, ``page`` puts them together, ``html`` and ``templates/`` write them.
"""
