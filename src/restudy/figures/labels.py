"""What figures say in words: names of combinations of levels, recipes, notes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.common.text_format import SUPERSCRIPTS, TIMES, amount
from restudy.data.registry import DATASETS
from restudy.figures.style import NAMED, SMALL, looks

_UNNAMED = ("none", "all", "full", "True", "False")


_SMALLEST = 1e-3


def combination(levels: Mapping[str, Any], varied: Sequence[str]) -> str:
    """Return a combination of levels in words; factors that never vary go without saying."""
    words = []
    for factor in varied:
        level = str(levels[factor])
        if factor in NAMED:
            words.append(looks(factor, [level])[level].name)
        elif level[:1].isalpha() and level not in _UNNAMED:
            words.append(name(factor, level))  # says what it is
        else:
            words.append(f"{factor.replace('_', ' ')} {name(factor, level)}")
    return ", ".join(words)


def name(factor: str, level: str) -> str:
    """Return what a level is called where its factor is known."""
    if factor in NAMED:
        return looks(factor, [level])[level].name
    if factor == "dataset" and level in DATASETS:
        return DATASETS[level].title
    if factor == "hidden":
        widths = level.split("-")
        if len(widths) > 2 and len(set(widths)) == 1:
            return f"{len(widths)}{TIMES}{widths[0]}"
    return number(level).replace("_", " ")


def number(level: str) -> str:
    """Return a level as it stands, but for numbers below a thousandth: those as powers of ten."""
    try:
        value = float(level)
    except ValueError:
        return level
    if not 0 < abs(value) < _SMALLEST:
        return level
    digits, exponent = f"{value:e}".split("e")
    power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    factor = f"{float(digits):g}"
    return power if factor == "1" else f"{factor}{TIMES}{power}"


def plain(text: str) -> str:
    """Return a text that matplotlib takes for no formula."""
    return text.replace("$", r"\$")


def recipe(runs: pd.DataFrame, groups: Mapping[str, pd.Series]) -> list[str]:
    """Say how runs were trained: first what all share, then what sets each group apart.

    Args:
        runs: rows of ``runs.parquet``, with the recipe's fields as columns.
        groups: name -> which of the rows are in it; groups without a name are passed over.

    Returns:
        one sentence, or two if groups differ.
    """
    parts = {name: _parts(runs[rows]) for name, rows in groups.items()}
    shared = [text for text in _parts(runs) if all(text in own for own in parts.values())]
    apart = {
        name: ", ".join(text for text in own if text not in shared) for name, own in parts.items()
    }
    texts = [f"{name}: {text}" for name, text in apart.items() if name and text]
    return [", ".join(shared), *(["; ".join(texts)] if texts else [])]


def wrapped(lines: Sequence[str], inches: float, size: float = SMALL) -> str:
    """Return lines broken so that they fit in a width, in letters of ``size`` points."""
    letters = int(inches * 72 / (0.56 * size))
    return "\n".join(textwrap.fill(line, letters) for line in lines if line)


def _parts(runs: pd.DataFrame) -> list[str]:
    """Return the parts of a recipe in words, those that vary among the runs left out."""
    one = {str(name): column.iloc[0] for name, column in runs.items() if _is_constant(column)}
    found = [words(one) for needed, words in _WORDS if all(name in one for name in needed)]
    return [text for text in found if text]


def _is_constant(column: pd.Series) -> bool:
    return len(column.drop_duplicates()) == 1


def _hidden(one: Mapping[str, Any]) -> str:
    hidden = str(one["hidden"])
    if hidden == "linear":
        return "no hidden layer"
    widths = [f"{int(width):,}" for width in hidden.split("-")]
    if len(widths) == 1:
        return f"a hidden layer of {widths[0]}"
    if len(set(widths)) == 1:
        return f"{len(widths)} hidden layers of {widths[0]}"
    return f"hidden layers of {', '.join(widths[:-1])} and {widths[-1]}"


def _activation(one: Mapping[str, Any]) -> str:
    names = {"relu": "ReLU", "identity": "no activation"}
    activation = str(one["activation"])
    return "" if one["hidden"] == "linear" else names.get(activation, activation)


def _norm(one: Mapping[str, Any]) -> str:
    norm = str(one["norm"])
    if norm == "none" or one["hidden"] == "linear":
        return ""
    return f"{norm} norm {one['norm_position']} the activation"


def _penalty(one: Mapping[str, Any]) -> str:
    words = []
    if one["lambda1"]:
        what = "|w|" if one["l1_form"] == "with_abs" else "w, without the absolute value"
        words.append(f"penalty {number(format(one['lambda1'], 'g'))} sum {what}")
    if one["lambda2"]:
        half = "/2" if one["l2_convention"] == "lambda_over_2" else ""
        words.append(f"penalty {number(format(one['lambda2'], 'g'))}{half} sum w²")
    return " and ".join(words)


def _rate(one: Mapping[str, Any]) -> str:
    decay = one["learning_rate_decay"]
    falling = "" if decay == 1 else f" times {decay:g} after each epoch"
    return f"learning rate {number(format(one['learning_rate'], 'g'))}{falling}"


def _rule(one: Mapping[str, Any]) -> str:
    names = {"sgd": "SGD", "adam": "Adam", "momentum": "SGD with momentum"}
    rule = str(one["optimiser"])
    weight = "" if rule in ("sgd", "adam") else f" {one['momentum']:g}"
    return names.get(rule, rule.replace("_", " ")) + weight


def _batch(one: Mapping[str, Any]) -> str:
    return "full batch" if one["batch_size"] == "full" else f"batch {one['batch_size']}"


def _length(one: Mapping[str, Any]) -> str:
    if pd.isna(one["epochs"]):
        return f"{int(one['steps']):,} steps"
    epochs = int(one["epochs"])
    return f"{amount(epochs, 'epoch')}"


# What each part of a recipe needs to be the same in all runs, and its words.
_WORDS = (
    (("dataset",), lambda one: DATASETS[str(one["dataset"])].title),
    (("n_train",), lambda one: f"{int(one['n_train']):,} training samples"),
    (("hidden",), _hidden),
    (("hidden", "activation"), _activation),
    (("hidden", "norm", "norm_position"), _norm),
    (("dropout",), lambda one: f"dropout {one['dropout']:g}" if one["dropout"] else ""),
    (("lambda1", "lambda2", "l1_form", "l2_convention"), _penalty),
    (("optimiser", "momentum"), _rule),
    (("learning_rate", "learning_rate_decay"), _rate),
    (("batch_size",), _batch),
    (("epochs", "steps"), _length),
)
