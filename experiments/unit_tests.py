"""S1's unit tests, computed again to the last digit, and candidates for its one failing check.

S1 tests its layers with the notebook of a public course: inputs that are fixed or drawn with seed
231, forward results against tables rounded to 8 decimals, gradients against centred differences.
What it prints are rounding errors, so equal digits mean equal inputs, formulas and order of
operations. They are computed in the arithmetic of :mod:`restudy.mlp.fused`, which gives the
same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
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
from restudy.results.schema import Column, Role, Type

SEED = 231
DECIMALS = 8
"""Of the course's tables: they are the exact results, rounded."""

NETWORK_IDS = {
    f"PUB-S1-{first:03}": {
        printed: f"PUB-S1-{first + place:03}"
        for place, printed in enumerate(("loss", "W1", "W2", "W3", "b1", "b2", "b3"), start=1)
    }
    for first in (23, 31)
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
    row="printed result of a unit test",
    columns=[
        Column("id", Type.TEXT, "id of the published number", Role.KEY),
        Column("description", Type.TEXT, "experiment and quantity"),
        Column("printed", Type.TEXT, "the number as printed"),
        Column("ours", Type.TEXT, "the number computed here"),
        Column("equal", Type.BOOLEAN, "whether all printed digits are equal", Role.VERDICT),
        Column("difference", Type.NUMBER, "`ours` minus `printed`"),
        Column("note", Type.TEXT, "remark", Role.WORDS),
        Column("with_bug", Type.TEXT, "the number with the source's error", optional=True),
    ],
)
def unit_tests(published: Iterable[Published]) -> pd.DataFrame:
    """Compute every number of S1's unit tests and compare it with the printed one.

    ``ours`` is the shortest text that reads back as the same float64; ``with_bug``, of a test that
    is not equal, the value of the first candidate that gives all printed numbers.

    Raises:
        KeyError: a row of the tests is not in ``published.yaml``.
    """
    rows = {row.id: row for row in published}
    candidates = bug_candidates(rows.values())
    right = candidates[candidates["all_equal"]]["max_relative_error"]
    with_bug = repr(float(right.iloc[0])) if len(right) else ""
    computed = {
        **layer_tests(FUSED),
        **mse_tests(),
        **momentum_tests("momentum"),
        **_network_tests(rows, CANDIDATES[0]),
    }
    records = []
    for id_, value in sorted(computed.items()):
        row, equal = rows[id_], _equal(rows[id_], value)
        records.append(
            {
                "id": id_,
                "description": f"{row.experiment}: {row.metric}"
                + (f", {row.settings}" if row.settings else ""),
                "printed": row.value,
                "ours": repr(value),
                "equal": equal,
                "difference": value - float(row.value),
                "note": _NOTES.get(id_, ""),
                "with_bug": "" if equal else with_bug,
            }
        )
    return pd.DataFrame(records)


def layer_tests(arithmetic: Arithmetic) -> dict[str, float]:
    """Return the errors of affine layer, ReLU, sigmoid and affine layer with ReLU, by id."""
    affine = partial(affine_forward, arithmetic=arithmetic)
    affine_relu = partial(affine_relu_forward, arithmetic=arithmetic)
    sigmoid = partial(sigmoid_forward, arithmetic=arithmetic)
    forward: dict[str, tuple[Callable[..., Any], list[Array]]] = {
        "PUB-S1-002": (
            affine,
            [
                np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6),
                np.linspace(-0.2, 0.3, 360).reshape(120, 3),
                np.linspace(-0.3, 0.1, 3),
            ],
        ),
        "PUB-S1-008": (relu_forward, [np.linspace(-0.5, 0.5, 12).reshape(3, 4)]),
        "PUB-S1-012": (sigmoid, [np.linspace(-6, 6, 12).reshape(3, 4)]),
    }
    # Shapes of the inputs and of the gradient of the output; each input has an id.
    backward: dict[tuple[str, ...], tuple[Callable[..., Any], Callable[..., Any], list[Any]]] = {
        ("PUB-S1-004", "PUB-S1-005", "PUB-S1-006"): (
            *(affine, affine_backward),
            [(10, 2, 3), (6, 5), (5,), (10, 5)],
        ),
        ("PUB-S1-010",): (relu_forward, relu_backward, [(10, 10), (10, 10)]),
        ("PUB-S1-014",): (sigmoid, sigmoid_backward, [(10, 10), (10, 10)]),
        ("PUB-S1-016", "PUB-S1-017", "PUB-S1-018"): (
            *(affine_relu, affine_relu_backward),
            [(2, 3, 4), (12, 10), (10,), (2, 10)],
        ),
    }
    found = {}
    for id_, (layer, inputs) in forward.items():
        out, _ = layer(*inputs)
        found[id_] = max_relative_error(out, np.round(out, DECIMALS))
    for ids, (layer, gradients, shapes) in backward.items():
        random = np.random.RandomState(SEED)
        *inputs, dout = (random.standard_normal(shape) for shape in shapes)
        named = dict(zip(ids, inputs, strict=True))
        errors = check_layer(partial(layer, *inputs), gradients, named, dout)
        found |= {id_: error.max_relative for id_, error in errors.items()}
    return found


def mse_tests() -> dict[str, float]:
    """Return the mean squared error and the error of its gradient, by id."""
    random = np.random.RandomState(SEED)
    x, y = random.standard_normal(50), random.standard_normal(50)
    loss, dx = mse(x, y)
    numerical = numerical_gradient(lambda: mse(x, y)[0], x)
    return {"PUB-S1-021": loss, "PUB-S1-022": max_relative_error(numerical, dx)}


def momentum_tests(rule: str) -> dict[str, float]:
    """Return the errors of one momentum step by a rule of ``OPTIMISERS``, by id.

    The reference is always the table of classical momentum, as in the course.
    """
    w, g, v = (
        np.linspace(start, stop, 20).reshape(4, 5)
        for start, stop in [(-0.4, 0.6), (-0.6, 0.4), (0.6, 0.9)]
    )
    tables = classical_momentum(w, g, v, 1e-3, 0.9)
    found = OPTIMISERS[rule](w, g, v, 1e-3, 0.9)
    return {
        id_: max_relative_error(ours, np.round(table, DECIMALS))
        for id_, ours, table in zip(("PUB-S1-039", "PUB-S1-040"), found, tables, strict=True)
    }


@Table(
    name="momentum_candidates",
    source="S1",
    title="By which momentum rule its printed errors come out",
    shown=False,
    row="candidate rule of momentum",
    columns=[
        Column("rule", Type.TEXT, "the rule", Role.KEY),
        Column("next_w_error", Type.NUMBER, "relative error of the next weights"),
        Column("velocity_error", Type.NUMBER, "relative error of the velocity"),
        Column("equal", Type.BOOLEAN, "whether both are as printed", Role.VERDICT),
    ],
)
def momentum_candidates(published: Iterable[Published]) -> pd.DataFrame:
    """Compare the errors by each momentum rule with the printed ones, to the last digit."""
    rows = {row.id: row for row in published}
    records = []
    for rule in ("momentum", "dampened_momentum", "nesterov"):
        found = momentum_tests(rule)
        equal = all(_equal(rows[id_], value) for id_, value in found.items())
        records.append((rule, *found.values(), equal))
    return pd.DataFrame(records, columns=["rule", "next_w_error", "velocity_error", "equal"])


class Loss(NamedTuple):
    """Cross-entropy plus an L2 penalty.

    Attributes:
        penalised: parameters in the penalty.
        factor: what lambda is multiplied by.
        log_sum_exp: whether the logarithm is taken before the division.
    """

    penalised: tuple[str, ...] = ("W1", "W2", "W3")
    factor: float = 1
    log_sum_exp: bool = False


Gradients = Callable[[Parameters, Parameters, float], Parameters]
"""From gradients of the data loss, parameters and lambda to gradients with the penalty."""


class Candidate(NamedTuple):
    """A way in which the source's network may have been written.

    Attributes:
        name: the mistake.
        place: where the network differs from the formulas.
        gradients: of the backward pass.
        loss: of the forward pass, which is differentiated numerically.
    """

    name: str
    place: str
    gradients: Gradients
    loss: Loss = Loss()


def _penalised(gradients: Parameters, params: Parameters, strength: float) -> Parameters:
    """Return the right gradients: lambda W is added for every weight matrix."""
    return {n: g + strength * params[n] if n[0] == "W" else g for n, g in gradients.items()}


def _third(formula: Callable[[Array, Array, float], Array]) -> Gradients:
    """Return gradients of which that of W3 has a formula: (data gradient, W3, lambda) -> it."""
    return lambda data, params, strength: {
        **_penalised(data, params, strength),
        "W3": formula(data["W3"], params["W3"], strength),
    }


def _biases_too(gradients: Parameters, params: Parameters, strength: float) -> Parameters:
    return {name: g + strength * params[name] for name, g in gradients.items()}


_W3_GRADIENTS: Mapping[str, Callable[[Array, Array, float], Array]] = {
    "lambda W3 left out": lambda g, w, s: g,
    "lambda W3 subtracted": lambda g, w, s: g - s * w,
    "half of lambda W3, or lambda W3 by the batch size of 2": lambda g, w, s: g + s / 2 * w,
    "0.99 lambda W3": lambda g, w, s: g + 0.99 * s * w,
    "2 lambda W3": lambda g, w, s: g + 2 * s * w,
    "lambda sign(W3)": lambda g, w, s: g + s * np.sign(w),
    "lambda W3^2": lambda g, w, s: g + s * w * w,
    "lambda alone": lambda g, w, s: g + s,
    "lambda W3 instead of the data's part": lambda g, w, s: s * w,
    "no gradient of W3 at all": lambda g, w, s: np.zeros_like(g),
    "gradient of W3 with the wrong sign": lambda g, w, s: -(g + s * w),
}
_BOTH = "loss and gradient"
CANDIDATES = (
    Candidate("as the source's formulas have it", "nowhere", _penalised),
    *(Candidate(name, "gradient", _third(w3)) for name, w3 in _W3_GRADIENTS.items()),
    Candidate("no penalty in any gradient", "gradient", lambda g, params, s: g),
    Candidate("lambda b added for the biases", "gradient", _biases_too),
    Candidate("W3 left out", "loss", _penalised, Loss(("W1", "W2"))),
    Candidate("W3 left out", _BOTH, _third(lambda g, w, s: g), Loss(("W1", "W2"))),
    Candidate("lambda sum W^2 without the half", "loss", _penalised, Loss(factor=2)),
    Candidate(
        "biases penalised too", _BOTH, _biases_too, Loss(("W1", "W2", "W3", "b1", "b2", "b3"))
    ),
    Candidate(
        "logarithm before the division (log-sum-exp)", "loss", _penalised, Loss(log_sum_exp=True)
    ),
)


@Table(
    name="candidate_bugs",
    source="S1",
    title="What its failing check can have been: candidates, run",
    row="candidate for the source's bug and place",
    columns=[
        Column("candidate", Type.TEXT, "the bug", Role.KEY),
        Column("place", Type.TEXT, "where it is", Role.KEY),
        Column("initial_loss", Type.NUMBER, "loss before training"),
        Column("max_relative_error", Type.NUMBER, "of the gradient"),
        Column("norm_relative_error", Type.NUMBER, "of the gradient"),
        Column("cosine", Type.NUMBER, "between both gradients"),
        Column("equal", Type.INTEGER, "printed numbers that it gives"),
        Column("compared", Type.INTEGER, "printed numbers"),
        Column("all_equal", Type.BOOLEAN, "whether it gives all of them", Role.VERDICT),
        Column("ruled_out_by", Type.TEXT, "numbers that it does not give", Role.VERDICT),
    ],
)
def bug_candidates(published: Iterable[Published]) -> pd.DataFrame:
    """Run candidates for the mistake behind the W3 relative error of S1's second network check.

    Gradients of each candidate are compared with numerical ones of its own loss. Where the loss is
    another one, those of W1 and W2 are left out: they take long, and the others decide. The loss
    and the three errors are those of W3 in the check with the penalty.

    Raises:
        KeyError: a row of the checks is not in ``published.yaml``.
    """
    rows = {row.id: row for row in published}
    records = []
    for candidate in CANDIDATES:
        values = _network_tests(rows, candidate)
        w3 = _disagreements(rows, "PUB-S1-031", candidate)["W3"]
        wrong = [rows[id_] for id_, value in values.items() if not _equal(rows[id_], value)]
        records.append(
            {
                "candidate": candidate.name,
                "place": candidate.place,
                "initial_loss": values[NETWORK_IDS["PUB-S1-031"]["loss"]],
                "max_relative_error": w3.max_relative,
                "norm_relative_error": w3.norm_relative,
                "cosine": w3.cosine,
                "equal": len(values) - len(wrong),
                "compared": len(values),
                "all_equal": not wrong,
                "ruled_out_by": "; ".join(f"{row.metric}, {row.settings}" for row in wrong),
            }
        )
    return pd.DataFrame(records)


def _network_tests(rows: Mapping[str, Published], candidate: Candidate) -> dict[str, float]:
    """Return what the source prints of both checks, as it comes out with a candidate, by id."""
    found = {}
    for check, ids in NETWORK_IDS.items():
        found[ids["loss"]] = _value(candidate.loss, _case(_strengths(rows), check, candidate.loss))
        for name, errors in _disagreements(rows, check, candidate).items():
            found[ids[name]] = errors.max_relative
    return found


def _disagreements(
    rows: Mapping[str, Published], check: str, candidate: Candidate
) -> dict[str, Disagreement]:
    """Compare a candidate's gradients with numerical ones, by parameter."""
    strengths, loss = _strengths(rows), candidate.loss
    case = _case(strengths, check, loss)
    _, of_data = case.network.loss_and_gradients(case.x, case.y)
    gradients = candidate.gradients(of_data, case.network.params, case.strength)
    return {
        name: disagreement(gradient, _numerical(strengths, check, loss, name))
        for name, gradient in gradients.items()
        if loss == Loss() or name not in ("W1", "W2")
    }


class _Case(NamedTuple):
    """The network of one of the two checks, without the penalty, lambda, and the batch."""

    network: FullyConnectedNet
    strength: float
    x: Array
    y: NDArray[np.integer[Any]]


def _value(loss: Loss, case: _Case) -> float:
    total = case.network.data_loss(case.x, case.y)
    for name in loss.penalised:
        total += l2(case.network.params[name], loss.factor * case.strength)[0]
    return total


def _strengths(rows: Mapping[str, Published]) -> tuple[float, ...]:
    """Return lambda of the checks, as printed."""
    return tuple(float(rows[check].value) for check in NETWORK_IDS)


@cache
def _case(strengths: tuple[float, ...], check: str, loss: Loss) -> _Case:
    """Draw a batch and the networks of the checks, one after the other; return those of one."""
    random = np.random.RandomState(SEED)
    x, y = random.standard_normal((2, 15)), random.randint(10, size=2)
    networks = [
        FullyConnectedNet(
            15,
            [20, 30],
            10,
            init_scale=5e-2,
            random=random,
            loss="cross_entropy" if loss.log_sum_exp else "cross_entropy_of_probabilities",
            arithmetic=replace(FUSED, product=_remembering(FUSED.product)),
        )
        for _ in strengths
    ]
    place = list(NETWORK_IDS).index(check)
    return _Case(networks[place], strengths[place], x, y)


@cache
def _numerical(strengths: tuple[float, ...], check: str, loss: Loss, name: str) -> Array:
    case = _case(strengths, check, loss)
    return numerical_gradient(lambda: _value(loss, case), case.network.params[name])


def _remembering(product: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return a product of matrices with a cache of its last results.

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


def _equal(row: Published, value: float) -> bool:
    return repr(value) == row.value
