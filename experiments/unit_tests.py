"""S1's unit tests, computed again to the last digit, and what its one failing check can have been.

S1 tests its layers with the notebook of a public course: inputs that are fixed or drawn with seed
231, forward results against tables rounded to 8 decimals, gradients against centred differences.
What it prints are rounding errors, so equal digits mean equal inputs, formulas and order of
operations. They are computed in the arithmetic of :mod:`restudy.mlp.fused`, which gives the
same bits on every machine.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.evidence.schema import Published
from restudy.experiments.declaration import Table
from restudy.mlp.activations import relu_backward, relu_forward, sigmoid_backward, sigmoid_forward
from restudy.mlp.arithmetic import Arithmetic, Array
from restudy.mlp.fused import FUSED
from restudy.mlp.gradient_check import (
    Disagreement,
    check_layer,
    disagreement,
    max_relative_error,
    numerical_gradient,
)
from restudy.mlp.layers import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
)
from restudy.mlp.losses import mse
from restudy.mlp.network import FullyConnectedNet, Parameters
from restudy.mlp.optimisers import OPTIMISERS, classical_momentum
from restudy.mlp.penalties import l2

SEED = 231
DECIMALS = 8
"""Of the course's tables: they are the exact results, rounded."""

NETWORK_IDS = {
    "PUB-S1-023": {
        "loss": "PUB-S1-024",
        "W1": "PUB-S1-025",
        "W2": "PUB-S1-026",
        "W3": "PUB-S1-027",
        "b1": "PUB-S1-028",
        "b2": "PUB-S1-029",
        "b3": "PUB-S1-030",
    },
    "PUB-S1-031": {
        "loss": "PUB-S1-032",
        "W1": "PUB-S1-033",
        "W2": "PUB-S1-034",
        "W3": "PUB-S1-035",
        "b1": "PUB-S1-036",
        "b2": "PUB-S1-037",
        "b3": "PUB-S1-038",
    },
}
"""The two checks of the whole network: the row of lambda -> what is printed -> its row."""

_NOTES = {
    "PUB-S1-012": "The source does not give the inputs. Of all, only sigmoid(-6) rounded to 8 "
    "decimals matters; -6 is the lower end of linspace(-6, 6, 12).",
    "PUB-S1-035": "With lambda W3 left out of the gradient 1.0 comes out, and with other mistakes "
    "in that term too: see the candidates. The digits printed for the other parameters are those "
    "of the right gradient.",
    "PUB-S1-039": "By classical momentum; not by the averaging rule that the source prints.",
    "PUB-S1-040": "By classical momentum; not by the averaging rule that the source prints.",
    "PUB-S1-024": "With the logarithm taken of the probabilities; log-sum-exp gives another last "
    "digit.",
}


@Table(
    name="unit_tests",
    source="S1",
    title="Its unit tests, to the last digit",
    notes="They are rounding errors: equal digits mean equal inputs, formulas and order of "
    "operations.",
)
def unit_tests(published: Iterable[Published]) -> pd.DataFrame:
    """Compute every number of S1's unit tests and hold it beside the printed one.

    Args:
        published: the rows of ``published.yaml``; others than those of the tests may be among them.

    Returns:
        one row each: ``id``; ``what``; ``printed``, text; ``ours``, the shortest text that reads
        back as the same float64; ``equal``, whether the texts are; ``difference``, ours minus
        printed; ``note``; ``with_bug``, of a test that is not equal the value that comes out with
        the first mistake by which all printed numbers do.

    Raises:
        KeyError: a row of the tests is not there.
    """
    rows = {row.id: row for row in published}
    candidates = bug_candidates(rows.values())
    right = candidates[candidates["all_equal"]]["max_relative_error"]
    with_bug = repr(float(right.iloc[0])) if len(right) else ""
    computed = {
        **affine_tests(FUSED),
        **activation_tests(FUSED),
        **sandwich_tests(FUSED),
        **mse_tests(),
        **momentum_tests("momentum"),
        **network_tests(rows),
    }
    records = [_compared(rows[id_], computed[id_], with_bug) for id_ in sorted(computed)]
    return pd.DataFrame(records)


def affine_tests(arithmetic: Arithmetic) -> dict[str, float]:
    """Return the errors of the affine layer, forward and backward, by id."""
    x = np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    b = np.linspace(-0.3, 0.1, 3)
    out, _ = affine_forward(x, w, b, arithmetic)
    random = np.random.RandomState(SEED)
    x, w, b, dout = (random.standard_normal(s) for s in [(10, 2, 3), (6, 5), (5,), (10, 5)])
    found = check_layer(
        lambda: affine_forward(x, w, b, arithmetic),
        affine_backward,
        {"x": x, "w": w, "b": b},
        dout,
    )
    return {
        "PUB-S1-002": _from_table(out),
        "PUB-S1-004": found["x"].max_relative,
        "PUB-S1-005": found["w"].max_relative,
        "PUB-S1-006": found["b"].max_relative,
    }


def activation_tests(arithmetic: Arithmetic) -> dict[str, float]:
    """Return the errors of ReLU and sigmoid, forward and backward, by id."""
    for_relu = np.linspace(-0.5, 0.5, 12).reshape(3, 4)
    for_sigmoid = np.linspace(-6, 6, 12).reshape(3, 4)
    random = np.random.RandomState(SEED)
    x, dout = random.standard_normal((10, 10)), random.standard_normal((10, 10))
    relu = check_layer(lambda: relu_forward(x), relu_backward, {"x": x}, dout)
    sigmoid = check_layer(lambda: sigmoid_forward(x, arithmetic), sigmoid_backward, {"x": x}, dout)
    return {
        "PUB-S1-008": _from_table(relu_forward(for_relu)[0]),
        "PUB-S1-010": relu["x"].max_relative,
        "PUB-S1-012": _from_table(sigmoid_forward(for_sigmoid, arithmetic)[0]),
        "PUB-S1-014": sigmoid["x"].max_relative,
    }


def sandwich_tests(arithmetic: Arithmetic) -> dict[str, float]:
    """Return the errors of the affine layer with ReLU, backward, by id."""
    random = np.random.RandomState(SEED)
    x, w, b, dout = (random.standard_normal(s) for s in [(2, 3, 4), (12, 10), (10,), (2, 10)])
    found = check_layer(
        lambda: affine_relu_forward(x, w, b, arithmetic),
        affine_relu_backward,
        {"x": x, "w": w, "b": b},
        dout,
    )
    return {
        "PUB-S1-016": found["x"].max_relative,
        "PUB-S1-017": found["w"].max_relative,
        "PUB-S1-018": found["b"].max_relative,
    }


def mse_tests() -> dict[str, float]:
    """Return the mean squared error and the error of its gradient, by id."""
    random = np.random.RandomState(SEED)
    x, y = random.standard_normal(50), random.standard_normal(50)
    loss, dx = mse(x, y)
    numerical = numerical_gradient(lambda: mse(x, y)[0], x)
    return {"PUB-S1-021": loss, "PUB-S1-022": max_relative_error(numerical, dx)}


def momentum_tests(rule: str) -> dict[str, float]:
    """Return the errors of one momentum step by a rule of ``OPTIMISERS``, by id.

    The table that it is held beside is always that of classical momentum, as in the course.
    """
    w, g, v = (
        np.linspace(start, stop, 20).reshape(4, 5)
        for start, stop in [(-0.4, 0.6), (-0.6, 0.4), (0.6, 0.9)]
    )
    table_w, table_v = classical_momentum(w, g, v, 1e-3, 0.9)
    next_w, next_v = OPTIMISERS[rule](w, g, v, 1e-3, 0.9)
    return {
        "PUB-S1-039": max_relative_error(next_w, np.round(table_w, DECIMALS)),
        "PUB-S1-040": max_relative_error(next_v, np.round(table_v, DECIMALS)),
    }


def network_tests(rows: Mapping[str, Published]) -> dict[str, float]:
    """Return initial loss and errors of both checks of the whole network, by id.

    Args:
        rows: of ``published.yaml``, by id.
    """
    return _check(rows, RIGHT)


@Table(
    name="momentum_candidates",
    source="S1",
    title="By which momentum rule its printed errors come out",
    shown=False,
)
def momentum_candidates(published: Iterable[Published]) -> pd.DataFrame:
    """Hold the momentum rules beside the printed errors of the momentum test.

    Returns:
        one row a rule: ``rule``, ``next_w_error``, ``velocity_error``, and ``equal``, whether both
        are the printed ones to the digit.
    """
    rows = {row.id: row for row in published}
    records = []
    for rule in ("momentum", "averaging_momentum", "nesterov"):
        found = momentum_tests(rule)
        w_error, v_error = found.values()
        equal = all(_equal(rows[id_], value) for id_, value in found.items())
        records.append(
            {"rule": rule, "next_w_error": w_error, "velocity_error": v_error, "equal": equal}
        )
    return pd.DataFrame(records)


Gradients = Callable[[Parameters, Parameters, float], Parameters]


@dataclass(frozen=True)
class Candidate:
    """A way in which the source's network may have been written.

    Attributes:
        name: what is done.
        place: where it differs from the formulas: "gradient", "loss", both or "nowhere".
        gradients: (gradients of the data loss, parameters, lambda) -> gradients with penalty.
        loss: name in ``_LOSSES``: the loss that is differentiated numerically.
    """

    name: str
    place: str
    gradients: Gradients
    loss: str = "right"


def _penalised(gradients: Parameters, params: Parameters, strength: float) -> Parameters:
    """Return the right gradients: lambda W is added for every weight matrix."""
    return {n: g + strength * params[n] if n[0] == "W" else g for n, g in gradients.items()}


def _third(change: Callable[[Array, Array, float], Array]) -> Gradients:
    """Return gradients of which only that of W3 is another: (data gradient, W3, lambda) -> it."""

    def gradients(data: Parameters, params: Parameters, strength: float) -> Parameters:
        return {
            **_penalised(data, params, strength),
            "W3": change(data["W3"], params["W3"], strength),
        }

    return gradients


def _biases_too(gradients: Parameters, params: Parameters, strength: float) -> Parameters:
    return {name: g + strength * params[name] for name, g in gradients.items()}


RIGHT = Candidate("as the source's formulas have it", "nowhere", _penalised)

CANDIDATES = (
    RIGHT,
    Candidate("lambda W3 left out", "gradient", _third(lambda g, w, s: g)),
    Candidate("lambda W3 subtracted", "gradient", _third(lambda g, w, s: g - s * w)),
    Candidate(
        "half of lambda W3, or lambda W3 by the batch size of 2",
        "gradient",
        _third(lambda g, w, s: g + s / 2 * w),
    ),
    Candidate("0.99 lambda W3", "gradient", _third(lambda g, w, s: g + 0.99 * s * w)),
    Candidate("2 lambda W3", "gradient", _third(lambda g, w, s: g + 2 * s * w)),
    Candidate("lambda sign(W3)", "gradient", _third(lambda g, w, s: g + s * np.sign(w))),
    Candidate("lambda W3^2", "gradient", _third(lambda g, w, s: g + s * w * w)),
    Candidate("lambda alone", "gradient", _third(lambda g, w, s: g + s)),
    Candidate("lambda W3 instead of the data's part", "gradient", _third(lambda g, w, s: s * w)),
    Candidate("no gradient of W3 at all", "gradient", _third(lambda g, w, s: np.zeros_like(g))),
    Candidate(
        "gradient of W3 with the wrong sign", "gradient", _third(lambda g, w, s: -(g + s * w))
    ),
    Candidate("no penalty in any gradient", "gradient", lambda g, params, s: g),
    Candidate("lambda b added for the biases", "gradient", _biases_too),
    Candidate("W3 left out", "loss", _penalised, "without W3"),
    Candidate("W3 left out", "loss and gradient", _third(lambda g, w, s: g), "without W3"),
    Candidate("lambda sum W^2 without the half", "loss", _penalised, "without the half"),
    Candidate("biases penalised too", "loss and gradient", _biases_too, "with biases"),
    Candidate("logarithm before the division (log-sum-exp)", "loss", _penalised, "log-sum-exp"),
)


@Table(
    name="candidate_bugs",
    source="S1",
    title="What its failing check can have been: candidates, run",
)
def bug_candidates(published: Iterable[Published]) -> pd.DataFrame:
    """Run candidates for the mistake behind the W3 relative error of S1's second network check.

    Gradients of each candidate are held beside numerical ones of its own loss. Where the loss is
    another one, the gradients of W1 and W2 are not: they take long, and the rest tells enough.

    Args:
        published: the rows of ``published.yaml``.

    Returns:
        one row a candidate: ``candidate``; ``place``; of the check with the penalty
        ``initial_loss`` and, for W3, ``max_relative_error`` (S1's measure), ``norm_relative_error``
        and ``cosine``; ``equal``, how many of the ``compared`` printed numbers of both checks come
        out to the digit; ``all_equal``; ``ruled_out_by``, the printed numbers that do not, in
        words.

    Raises:
        KeyError: a row of the checks is not there.
    """
    rows = {row.id: row for row in published}
    records = []
    for candidate in CANDIDATES:
        values = _check(rows, candidate)
        penalised = _disagreements(rows, "PUB-S1-031", candidate)["W3"]
        wrong = [rows[id_] for id_, value in values.items() if not _equal(rows[id_], value)]
        records.append(
            {
                "candidate": candidate.name,
                "place": candidate.place,
                "initial_loss": values[NETWORK_IDS["PUB-S1-031"]["loss"]],
                "max_relative_error": penalised.max_relative,
                "norm_relative_error": penalised.norm_relative,
                "cosine": penalised.cosine,
                "equal": len(values) - len(wrong),
                "compared": len(values),
                "all_equal": not wrong,
                "ruled_out_by": "; ".join(f"{row.metric}, {row.settings}" for row in wrong),
            }
        )
    return pd.DataFrame(records)


def _check(rows: Mapping[str, Published], candidate: Candidate) -> dict[str, float]:
    """Return what the source prints of both checks, as it comes out with a candidate, by id."""
    found = {}
    for check, ids in NETWORK_IDS.items():
        case = _case(_strengths(rows), check, candidate.loss == "log-sum-exp")
        found[ids["loss"]] = _LOSSES[candidate.loss](case)
        for name, errors in _disagreements(rows, check, candidate).items():
            found[ids[name]] = errors.max_relative
    return found


def _disagreements(
    rows: Mapping[str, Published], check: str, candidate: Candidate
) -> dict[str, Disagreement]:
    """Hold a candidate's gradients beside numerical ones, by parameter."""
    strengths = _strengths(rows)
    case = _case(strengths, check, candidate.loss == "log-sum-exp")
    _, gradients = case.network.loss_and_gradients(case.x, case.y)
    if candidate is not RIGHT:
        _, of_data = case.data.loss_and_gradients(case.x, case.y)
        gradients = candidate.gradients(of_data, case.network.params, case.network.lambda2)
    names = [name for name in gradients if candidate.loss == "right" or name not in ("W1", "W2")]
    return {
        name: disagreement(gradients[name], _numerical(strengths, check, candidate.loss, name))
        for name in names
    }


class _Case(NamedTuple):
    """What one of the two checks is made on; both networks hold the same parameters."""

    network: FullyConnectedNet
    data: FullyConnectedNet
    """Without the penalty."""
    x: Array
    y: NDArray[np.integer[Any]]


def _with(penalised: tuple[str, ...], factor: float = 1) -> Callable[[_Case], float]:
    """Return a loss: that of the data plus the L2 penalty of some parameters, times a factor."""

    def loss(case: _Case) -> float:
        total = case.data.loss(case.x, case.y)
        for name in penalised:
            total += l2(case.network.params[name], factor * case.network.lambda2)[0]
        return total

    return loss


_LOSSES: dict[str, Callable[[_Case], float]] = {
    "right": lambda case: case.network.loss(case.x, case.y),
    "log-sum-exp": lambda case: case.network.loss(case.x, case.y),
    "without W3": _with(("W1", "W2")),
    "without the half": _with(("W1", "W2", "W3"), 2),
    "with biases": _with(("W1", "W2", "W3", "b1", "b2", "b3")),
}


def _strengths(rows: Mapping[str, Published]) -> tuple[float, ...]:
    """Return lambda of the checks, as printed."""
    return tuple(float(rows[check].value) for check in NETWORK_IDS)


@cache
def _case(strengths: tuple[float, ...], check: str, log_sum_exp: bool) -> _Case:
    """Draw a batch and the networks of the checks, one after the other; return those of one."""
    arithmetic = replace(FUSED, product=_remembering(FUSED.product))
    random = np.random.RandomState(SEED)
    x, y = random.standard_normal((2, 15)), random.randint(10, size=2)
    for strength, one in zip(strengths, NETWORK_IDS, strict=True):
        network = FullyConnectedNet(
            15,
            [20, 30],
            10,
            weight_scale=5e-2,
            random=random,
            loss="cross_entropy" if log_sum_exp else "cross_entropy_of_probabilities",
            lambda2=strength,
            arithmetic=arithmetic,
        )
        if one == check:
            break
    data = copy.copy(network)
    data.lambda2 = 0.0
    return _Case(network, data, x, y)


@cache
def _numerical(strengths: tuple[float, ...], check: str, loss: str, name: str) -> Array:
    case = _case(strengths, check, loss == "log-sum-exp")
    return numerical_gradient(lambda: _LOSSES[loss](case), case.network.params[name])


def _remembering(product: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return a product of matrices that knows its last results.

    A check changes the numbers of a later layer one by one: the layers before it compute the same
    products each time.
    """
    known: dict[tuple[object, ...], Array] = {}

    def remembered(a: Array, b: Array) -> Array:
        key = (a.shape, b.shape, b.flags.c_contiguous, a.tobytes(), b.tobytes())
        out = known.pop(key) if key in known else product(a, b)
        known[key] = out  # at the end: the last one used
        if len(known) > 8:
            del known[next(iter(known))]
        return out

    return remembered


def _from_table(out: Array) -> float:
    return max_relative_error(out, np.round(out, DECIMALS))


def _equal(row: Published, value: float) -> bool:
    return repr(value) == row.value


def _compared(row: Published, value: float, with_bug: str) -> dict[str, object]:
    return {
        "id": row.id,
        "what": f"{row.experiment}: {row.metric}" + (f", {row.settings}" if row.settings else ""),
        "printed": row.value,
        "ours": repr(value),
        "equal": _equal(row, value),
        "difference": value - float(row.value),
        "note": _NOTES.get(row.id, ""),
        "with_bug": "" if _equal(row, value) else with_bug,
    }
