"""What the pipeline has found out of every row of the ledger, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from restudy.evidence import erratum_effects, published, search_tables, timing_claims
from restudy.evidence.reasons import Finding, stated
from restudy.evidence.schema import Ledger, experiments_run
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import verdicts_of


def standing(
    rows: Ledger,
    *,
    published_table: pd.DataFrame,
    claim_tests: pd.DataFrame,
    errata_shown: pd.DataFrame,
    contrasts: pd.DataFrame,
    puzzles: pd.DataFrame,
    experiments: Mapping[str, Iterable[str]],
    done: Sequence[str],
    missing_figures: Mapping[str, str],
) -> dict[str, Finding]:
    """Return the status of every row that is judged, by id.

    Args:
        rows: the ledger.
        published_table: :func:`restudy.evidence.published.published_table`.
        claim_tests: :func:`restudy.evidence.verdicts.judge`, of tests without times.
        errata_shown: :func:`restudy.evidence.erratum_effects.demonstrate`.
        contrasts: :func:`restudy.evidence.printed_differences.contrast_table`.
        puzzles: :func:`restudy.evidence.search_tables.conclusions`.
        experiments: name of each study -> ids of the experiments that it repeats.
        done: names of the small experiments of this run.
        missing_figures: ids of figures that this run does not draw -> why.
    """
    numbers = published.statuses_of(published_table)
    verdicts = verdicts_of(rows.claims, claim_tests)
    verdicts |= timing_claims.judged_elsewhere(rows.claims, verdicts, done)
    by_hand = {row.id: row.by_hand for row in rows.claims if row.by_hand is not None}
    others = numbers | by_hand | verdicts | search_tables.statuses_of(puzzles)
    open_numbers = {row.id for row in rows.published if row.status is None}
    return {
        **{id_: status for id_, status in numbers.items() if id_ in open_numbers},
        **verdicts,
        **erratum_effects.statuses_of(rows.errata, errata_shown, contrasts, others),
        **experiments_run(experiments),
        **{id_: Finding(Status.PENDING, stated(why)) for id_, why in missing_figures.items()},
    }
