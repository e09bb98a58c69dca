"""The view model: everything that page, paper, README and MLflow show of a run, as plain data.

``model`` declares it, ``build`` computes it from the result tables. It is written as
``report/view.json`` and has no words of its own: renderers make them.
"""
