"""The status of every row of the catalogue, from the tables that the pipeline has made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.evidence import erratum_effects, search_tables, timing_claims
from restudy.evidence.contradictions import findings_in
from restudy.evidence.reasons import Finding, columns, from_plain, reason, stated
from restudy.evidence.schema import KINDS, Catalogue, EvidenceRow, Figure, SourceComponent
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import verdicts_of


def findings(
    rows: Catalogue,
    tables: Mapping[str, pd.DataFrame],
    *,
    experiments: Mapping[str, Iterable[str]],
    done: Sequence[str],
    missing_figures: Mapping[str, Mapping[str, Any]],
) -> dict[str, Finding]:
    """Return the status of every row that is judged, by id.

    Args:
        rows: the catalogue.
        tables: ``published``, ``claim_tests``, ``erratum_effects``, ``printed_differences`` and
            ``configuration_searches``.
        experiments: name of each study -> ids of the experiments that it repeats.
        done: names of the small experiments of this run.
        missing_figures: ids of figures that this run does not draw -> the reason, plain values.
    """
    numbers = findings_in(tables["published"])
    verdicts = verdicts_of(rows.claims, tables["claim_tests"])
    verdicts |= timing_claims.untimed_findings(rows.claims, verdicts, done)
    by_hand = {row.id: row.by_hand for row in rows.claims if row.by_hand is not None}
    others = (
        numbers | by_hand | verdicts | search_tables.statuses_of(tables["configuration_searches"])
    )
    open_numbers = {row.id for row in rows.published if row.status is None}
    return {
        **{id_: status for id_, status in numbers.items() if id_ in open_numbers},
        **verdicts,
        **erratum_effects.statuses_of(
            rows.errata, tables["erratum_effects"], tables["printed_differences"], others
        ),
        **repeated_experiments(experiments),
        **{
            id_: Finding(Status.PENDING, (from_plain(why),)) for id_, why in missing_figures.items()
        },
    }


def repeated_experiments(studies: Mapping[str, Iterable[str]]) -> dict[str, Finding]:
    """Return the status of each experiment of the sources that a study of this run repeats."""
    repeated: dict[str, list[str]] = {}
    for study, ids in studies.items():
        for id_ in ids:
            repeated.setdefault(id_, []).append(study)
    return {
        id_: Finding(Status.RUN, (reason("repeated_by", studies=names),))
        for id_, names in repeated.items()
    }


def status_tables(
    rows: Catalogue,
    figures_drawn: Collection[str],
    judged: Mapping[str, Finding] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return one table per kind of row, with the status of each row.

    Args:
        rows: the catalogue.
        figures_drawn: names of the pipeline's figures that exist.
        judged: the status of rows that have none written by hand, by id.

    Raises:
        RestudyError: ``judged`` has an id of another row.
    """
    judged = judged or {}
    open_ids = {row.id for kind in KINDS for row in rows.rows(kind) if row.status is None}
    if strangers := sorted(set(judged) - open_ids):
        raise RestudyError(f"not a row that can be judged: {', '.join(strangers)}")
    tables = {}
    for kind, model in KINDS.items():
        names = ["id", "source", *model.columns, "status", "reason", "reason_args"]
        records = [
            (
                row.id,
                row.origin,
                *(getattr(row, column) or "" for column in model.columns),
                found.status.value,
                *columns(found.reasons).values(),
            )
            for row in rows.rows(kind)
            for found in [_finding(row, figures_drawn, judged)]
        ]
        tables[kind] = pd.DataFrame(records, columns=names)
    return tables


def count_statuses(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the table ``statuses``: rows of each kind with each status, in their order."""
    counts = pd.DataFrame({kind: table["status"].value_counts() for kind, table in tables.items()})
    order = sorted(map(Status, counts.index), key=lambda status: status.order)
    counts = counts.T.reindex(columns=[status.value for status in order]).fillna(0).astype(int)
    return counts.rename_axis("kind").reset_index()


def _finding(
    row: EvidenceRow, figures_drawn: Collection[str], judged: Mapping[str, Finding]
) -> Finding:
    if row.by_hand is not None:
        return row.by_hand
    if row.id in judged:
        return judged[row.id]
    if isinstance(row, Figure) and (figure := row.figure or (row.draw and row.id)):
        if figure in figures_drawn:
            return Finding(Status.DRAWN)
        return Finding(Status.PENDING, (reason("figure_not_drawn", figure=figure),))
    if isinstance(row, SourceComponent) and row.ours is not None:
        built = row.id.startswith("SYS-")
        return Finding(Status.BUILT if built else Status.RUN, stated(row.ours))
    return Finding(Status.PENDING)
