"""The report on a run, for people.

``view`` computes what there is to show from the result tables; ``html`` renders it as a page,
``paper`` as a paper; ``phrases`` has the sentences that both, README and MLflow share.
"""
