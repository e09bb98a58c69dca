"""The section on how often the statistics of this page are right."""

from __future__ import annotations

import pandas as pd

from restudy.report.parts import LONG, Section, Table


def calibration(table: pd.DataFrame) -> Section:
    """Return the section on simulations of the statistics.

    Args:
        table: :func:`restudy.stats.calibration.calibrate`.
    """
    return Section(
        name="calibration",
        title="Calibration: how often the statistics are right",
        question="Do intervals hold the truth as often as they say, and do tests find what is not "
        "there as seldom, for as few runs as ours?",
        notes="By simulation: what is true is known there. Nominal is what the statistic promises, "
        "estimate what came out, with its Monte Carlo error.",
        blocks=[Table("Each simulation", table, folded=len(table) > LONG, filters=["measure"])],
        links={"all of them": "../tables/calibration.csv"},
    )
