"""The view model: everything that page, paper, README and MLflow show of a run, as plain data.

``model`` declares it, ``build`` computes it from the result tables. It is written as
``report/view.json``. Selections, orders and texts are made here; renderers lay them out.
"""
