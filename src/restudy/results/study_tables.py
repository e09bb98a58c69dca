"""A study's tables: summary, paired comparisons, times, winners; as CSV and as Markdown.

The tables are tidy: one row per combination of the factors' levels and metric, with the factors'
columns as they are in ``runs.parquet``. :func:`readable_summary` and :func:`readable_comparison`
turn them into what a page shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from tabulate import tabulate

from restudy.common.errors import RestudyError, choice_error
from restudy.common.text_format import MINUS, amount, interval, number, plus_minus
from restudy.config.reductions import in_words, of_plain
from restudy.config.run_ids import label
from restudy.results.declarations import STUDY_TABLES
from restudy.stats.intervals import mean_interval, wilson_interval
from restudy.stats.pairs import paired_differences

METRICS = (
    *("test_accuracy", "validation_accuracy", "train_accuracy"),
    *("test_r2", "validation_r2", "train_r2"),
    *("test_rmse", "validation_rmse", "train_rmse"),
    *("test_data_loss", "validation_data_loss", "train_data_loss"),
    *("train_batch_loss", "train_sample_accuracy", "train_training_mode_accuracy"),
    "penalty",
)
"""The metrics that tables show, in this order, where the runs have them."""

OVERALL = "all"
"""Stands for the level of a factor that a row takes the mean over."""

_SAMPLES = {"test_accuracy": "n_test", "validation_accuracy": "n_validation"}


def metrics_of(runs: pd.DataFrame) -> list[str]:
    """Return the metrics that the runs of a study have, in the order of ``METRICS``."""
    return [name for name in METRICS if name in runs]


def combinations(
    table: pd.DataFrame, factors: Sequence[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield the rows of each combination of levels, in the order of the levels.

    A study without factors has one combination, which names no level.
    """
    if not factors:
        yield {}, table
        return
    for labels, rows in table.groupby(list(factors), observed=True, sort=True):
        yield dict(zip(factors, labels, strict=True)), rows


def summary_table(runs: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Summarise the seeds of each combination of levels.

    Args:
        runs: ``runs.parquet`` of a study.
        factors: names of its factors.

    Returns:
        the factors' columns and those declared for ``summary``: ``ci_low`` and ``ci_high`` end the
        95% t interval of the mean over seeds, ``wilson_low`` and ``wilson_high`` the 95% Wilson
        interval of one network's accuracy on the finite validation or test set (NaN for other
        metrics).
    """
    rows = []
    for levels, part in combinations(runs, factors):
        n_diverged = int((part["status"] == "diverged").sum())
        for metric in metrics_of(runs):
            found = mean_interval(part[metric])
            row = {**levels, "metric": metric, **found.columns(), "n_diverged": n_diverged}
            if metric in _SAMPLES:
                ends = wilson_interval(found.mean, int(part[_SAMPLES[metric]].iloc[0]))
                row["wilson_low"], row["wilson_high"] = ends
            rows.append(row)
    return _in_order(runs, rows, factors, "summary")


def comparison_table(
    runs: pd.DataFrame, factors: Sequence[str], compare: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Compare levels of a factor with its baseline, seed by seed.

    A row for each combination of the other factors is followed by one for their mean, with ``all``
    in the other factors' columns: the differences of a seed are averaged over the combinations
    first, since they are not independent of each other, and the interval is that of the mean over
    seeds. A combination in which a pair is missing takes no part in it. Data sets are never pooled:
    each has a mean of its own.

    Args:
        runs: ``runs.parquet`` of a study.
        factors: names of its factors.
        compare: entries of ``study.json``: ``factor``, ``baseline``, ``metric``.

    Returns:
        the columns declared for ``comparison``, with those of the factors as text after ``metric``
        (empty for the factor that is compared).

    Raises:
        RestudyError: an entry names a factor, a level or a metric that the runs do not have.
    """
    rows: list[dict[str, Any]] = []
    for entry in compare:
        factor, baseline, metric = entry["factor"], label(entry["baseline"]), entry["metric"]
        _check(runs, factors, factor, baseline, metric)
        others = [name for name in factors if name != factor]
        within = [name for name in others if name == "dataset"]
        differences = paired_differences(runs, factor, baseline, metric, others)
        for levels, part in combinations(differences, [factor]):
            keys = {"factor": factor, "level": levels[factor], "baseline": baseline}
            keys |= {"metric": metric, factor: ""}
            rows += [{**keys, **at, **_paired(pairs)} for at, pairs in combinations(part, others)]
            for at, pooled in combinations(part, within):
                if len(pooled) > pooled["seed"].nunique():
                    overall = dict.fromkeys(others, OVERALL) | at
                    rows.append({**keys, **overall, **_paired_overall(pooled, others)})
    texts = ["factor", "level", "baseline", "metric", *factors]
    numbers = ["n", "n_pairs", "n_missing", "mean", "sd", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=[*texts, *numbers]).astype(dict.fromkeys(texts, str))


def timing_table(timing: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return the seconds of a run in each combination of levels.

    Runs are trained in stacks, and the time of a stack is measured; a run's share is that divided
    by the number of runs. Times are different in each run, so they have a table of their own.

    Args:
        timing: ``timing.parquet`` of a study.
        factors: names of its factors.

    Returns:
        the factors' columns and those declared for ``timing``.
    """
    rows = []
    for levels, part in combinations(timing, factors):
        # Seconds are those since the last evaluation, which may be epochs ago.
        earlier = part.sort_values("epoch").groupby(["group", "run"])["epoch"].shift(fill_value=0)
        # The runs of a stack repeat one measurement.
        keys = ["group", "epoch", "runs_in_stack", "train_seconds"]
        measured = part.assign(epochs=part["epoch"] - earlier).drop_duplicates(keys)
        epoch = measured["train_seconds"] / measured["runs_in_stack"] / measured["epochs"]
        total = (part["train_seconds"] + part["evaluation_seconds"]) / part["runs_in_stack"]
        n_runs = len(part[["group", "run"]].drop_duplicates())
        rows.append(
            {
                **levels,
                "n_runs": n_runs,
                "runs_in_stack": int(part["runs_in_stack"].max()),
                "n_epochs": int(measured["epochs"].sum()),
                "epoch_seconds": float(epoch.median()),
                "epoch_seconds_min": float(epoch.min()),
                "epoch_seconds_max": float(epoch.max()),
                "run_seconds": float(total.sum()) / n_runs,
            }
        )
    return _in_order(timing, rows, factors, "timing")


def winners(
    runs: pd.DataFrame, factors: Sequence[str], within: Sequence[str] = ("dataset",)
) -> pd.DataFrame:
    """Return the best combination of levels by its mean on the validation split.

    The choice is made by accuracy, or by R2 for a regression; the test split has no part in it. A
    combination in which a run diverged cannot win: the mean of the others would flatter it.

    Args:
        runs: ``runs.parquet`` of a study.
        factors: names of its factors.
        within: there is one winner for each combination of these; names of no factor are ignored.

    Returns:
        the factors' columns and those declared for ``winners``. No rows without a validation split:
        there is nothing to choose by.
    """
    metric = "accuracy" if "test_accuracy" in runs else "r2"
    rows = []
    groups = combinations(runs, [name for name in within if name in factors])
    for _, group in groups if f"validation_{metric}" in runs else ():
        entries = [
            (mean_interval(part[f"validation_{metric}"]).mean, levels, part)
            for levels, part in combinations(group, factors)
            if (part["status"] == "finished").all()
        ]
        if entries:
            validation, levels, part = max(entries, key=lambda entry: entry[0])
            test = mean_interval(part[f"test_{metric}"])
            row = {**levels, "n": test.n, "metric": metric, "validation": validation}
            ends = {"test_ci_low": test.low, "test_ci_high": test.high}
            rows.append({**row, "test": test.mean, **ends})
    return _in_order(runs, rows, factors, "winners")


def run_counts(runs: pd.DataFrame) -> dict[str, int]:
    """Return the numbers of ``runs``, of ``seeds`` and of runs that ``diverged``."""
    diverged = int((runs["status"] == "diverged").sum())
    return {"runs": len(runs), "seeds": runs["seed"].nunique(), "diverged": diverged}


def notes(description: Mapping[str, Any], runs: int, seeds: int, diverged: int) -> str:
    """Return in sentences how much a study's numbers are worth: scale, seeds, test set.

    Args:
        description: ``study.json``.
        runs: number of runs.
        seeds: number of seeds.
        diverged: number of runs that diverged.
    """
    sentences = [f"Scale {description['scale']}: {amount(seeds, 'seed')}."]
    if description["reductions"]:
        words = in_words(of_plain(description["reductions"]))
        sentences.append(f"Reduced at this scale: {words}.")
    if diverged:
        sentences.append(f"{diverged} of {runs} runs diverged; they have no metrics.")
    if description["as_published"]:
        sentences.append("Imitates a source's mistakes, so it is no evidence for a claim.")
    else:
        sentences.append("The test set was used once, after the last epoch.")
    return " ".join(sentences)


def readable(kind: str, table: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return a table for people: summary and comparison as texts, others as they are."""
    made = {"summary": readable_summary, "comparison": readable_comparison}.get(kind)
    return made(table, factors) if made else table


def readable_summary(summary: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return one row per combination of levels: ``mean ± half of the 95% interval`` per metric.

    A metric that is zero everywhere, such as the penalty where there is none, is left out.
    """
    summary = summary[summary.groupby("metric")["mean"].transform("any")]
    rows = []
    for levels, part in combinations(summary, factors):
        diverged = int(part["n_diverged"].iloc[0])
        row = {_spaced(name): level for name, level in levels.items()}
        row["runs"] = str(int(part["n"].max()) + diverged)
        if summary["n_diverged"].any():
            row["diverged"] = str(diverged)
        texts = map(plus_minus, part["mean"], part["ci_high"])
        rows.append(row | dict(zip(map(_spaced, part["metric"]), texts, strict=True)))
    return pd.DataFrame(rows)


def readable_comparison(comparison: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return one row per comparison: what minus what, in which metric, where, and by how much."""
    if comparison.empty:
        return pd.DataFrame({"difference": []})
    rows = [
        {
            "difference": f"{_spaced(row['factor'])}: {row['level']} {MINUS} {row['baseline']}",
            "in": _spaced(row["metric"]),
            "where": _where(row, factors),
            "seeds": str(row["n"]),
            "mean difference": number(row["mean"], signed=True),
            "95% interval": interval(row["ci_low"], row["ci_high"], signed=True),
        }
        for row in comparison.to_dict("records")
    ]
    table = pd.DataFrame(rows)
    return table if table["where"].any() else table.drop(columns="where")


def to_markdown(table: pd.DataFrame, title: str, notes: str) -> str:
    """Return a Markdown document: the title, the table and the notes below it.

    Numbers that are not text yet are written with four decimals.
    """
    shown = table.map(lambda value: number(value) if isinstance(value, float) else str(value))
    # Text as it stands: tabulate would read "64" as a number, and "1e-5" as another one.
    body = tabulate(shown.to_dict("list"), headers="keys", tablefmt="pipe", disable_numparse=True)
    return f"# {title}\n\n{body}\n\n{notes}\n"


def _paired(differences: pd.DataFrame) -> dict[str, Any]:
    found = mean_interval(differences["difference"]).columns()
    return found | {"n_pairs": found["n"], "n_missing": len(differences) - found["n"]}


def _paired_overall(differences: pd.DataFrame, others: list[str]) -> dict[str, Any]:
    missing = int(differences["difference"].isna().sum())
    whole = [part for _, part in combinations(differences, others) if part.notna().all(axis=None)]
    kept = pd.concat(whole) if whole else differences.iloc[:0]
    found = mean_interval(kept.groupby("seed")["difference"].mean()).columns()
    return found | {"n_pairs": len(kept), "n_missing": missing}


def _check(
    runs: pd.DataFrame, factors: Sequence[str], factor: str, baseline: str, metric: str
) -> None:
    levels = [str(level) for level in runs[factor].unique()] if factor in factors else []
    for key, value, allowed in (
        ("factor", factor, list(factors)),
        ("baseline", baseline, levels),
        ("metric", metric, metrics_of(runs)),
    ):
        if value not in allowed:
            where = f"study {runs['study'].iloc[0]}"
            raise RestudyError(choice_error(where, f"compare.{key}", value, allowed))


def _where(row: Mapping[Any, Any], factors: Sequence[str]) -> str:
    others = [name for name in factors if name != row["factor"]]
    found = [f"{_spaced(name)} {row[name]}" for name in others if row[name] != OVERALL]
    if any(row[name] == OVERALL for name in others):
        count = row["n_pairs"] // max(row["n"], 1)
        found.append(f"mean over {amount(count, 'combination')}")
    return ", ".join(found)


def _spaced(name: str) -> str:
    return name.replace("_", " ").replace("r2", "R²").replace("rmse", "RMSE")


def _in_order(
    runs: pd.DataFrame, rows: list[dict[str, Any]], factors: Sequence[str], name: str
) -> pd.DataFrame:
    """Return rows as the declared table, the factors' columns first and of their type in runs."""
    own = [column.name for column in STUDY_TABLES[name].columns if column.name not in factors]
    table = pd.DataFrame(rows, columns=[*factors, *(one for one in own if one != "dataset")])
    return table.astype({factor: runs[factor].dtype for factor in factors})
