"""A recipe: every hyperparameter of one training run.

The same names are used in study files, result tables and MLflow. Fields in ``PER_RUN_FIELDS``
change no tensor shape and no schedule, so runs that differ only in them are trained together as
runs of one group; all other fields define the group.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from restudy.config.diagnostics import PROBES
from restudy.config.optimisers import OPTIMISERS
from restudy.config.strict import Strict
from restudy.data.registry import DATASETS

if TYPE_CHECKING:
    DatasetName = str
    Optimiser = str
    Diagnostic = str
else:
    DatasetName = Literal[tuple(DATASETS)]
    Optimiser = Literal[tuple(OPTIMISERS)]
    Diagnostic = Literal[tuple(PROBES)]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]

Activation = Literal["relu", "sigmoid", "tanh", "identity"]
Norm = Literal["none", "batch", "layer"]
Loss = Literal["cross_entropy", "mse", "double_softmax"]
WeightInit = Literal["torch", "normal", "he", "glorot"]


class Recipe(Strict):
    """Every hyperparameter of one training run, checked one by one and together."""

    # The data
    dataset: DatasetName = Field(description="the data set")
    train_samples: Count | None = Field(
        None, description="how many training samples are used; null: all that validation leaves"
    )
    validation_samples: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="how many training samples are held out for validation; "
        "null: a tenth (6,000 images, 2,064 houses); 0, none, is for studies as_published",
    )
    scaling: Literal["zero_one", "minus_one_one", "standard", "raw"] = Field(
        "zero_one",
        description="inputs: zero_one = x/255, minus_one_one = (x/255 - 0.5)/0.5, standard = "
        "mean 0 and standard deviation 1 per feature by the training samples, raw = as they are",
    )
    target_scaling: Literal["none", "standard"] = Field(
        "none", description="regression targets: as they are, or standardised like the inputs"
    )
    label_noise: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        0.0, description="share of training labels replaced by another class, drawn at random"
    )

    # The network
    hidden: list[Count] = Field(description="widths of the hidden layers; [] for a linear model")
    activation: Activation = Field("relu", description="activation after each hidden layer")
    bias: Literal["per_neuron", "shared", "none"] = Field(
        "per_neuron", description="one bias per unit, one for a whole layer, or none"
    )
    norm: Norm = Field("none", description="normalisation of each hidden layer")
    norm_position: Literal["before", "after"] = Field(
        "before", description="normalise before or after the activation"
    )
    norm_eps: Positive = Field(1e-5, description="added to the variance under the root")
    norm_momentum: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        0.1, description="batch norm: weight of the newest batch in the running statistics"
    )
    dropout: Probability = Field(
        0.0, description="probability of dropping a hidden unit, after activation and norm"
    )
    weight_init: WeightInit = Field(
        "torch",
        description="torch = uniform(-1/sqrt(fan_in), 1/sqrt(fan_in)), biases too; "
        "normal = normal(0, 1); he = normal(0, sqrt(2/fan_in)); glorot = uniform with "
        "variance 2/(fan_in + fan_out); biases zero in the last three",
    )
    init_scale: NonNegative = Field(
        1.0, description="factor on the initial weights; for normal: their standard deviation"
    )

    # The objective
    loss: Loss = Field(
        "cross_entropy",
        description="cross_entropy of logits, mse, or double_softmax "
        "(softmax applied twice, a common mistake)",
    )
    lambda1: NonNegative = Field(
        0.0, description="strength of the L1 penalty on weights: lambda1 * sum |w|"
    )
    lambda2: NonNegative = Field(
        0.0, description="strength of the L2 penalty on weights, see l2_convention"
    )
    l1_form: Literal["with_abs", "without_abs"] = Field(
        "with_abs", description="sum of |w|, or of w itself (a mistake)"
    )
    l2_convention: Literal["lambda_over_2", "lambda"] = Field(
        "lambda_over_2", description="(lambda2/2) * sum w^2, or lambda2 * sum w^2"
    )

    # The optimisation
    optimiser: Optimiser = Field(
        "momentum",
        description="; ".join(f"{name}: {rule}" for name, rule in OPTIMISERS.items()),
    )
    learning_rate: Positive = Field(description="learning rate of the first epoch")
    learning_rate_decay: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        1.0, description="the learning rate is multiplied by this after each epoch"
    )
    momentum: Probability = Field(0.9, description="m of the momentum rules; unused by sgd, adam")
    adam_beta1: Probability = Field(0.9, description="adam: decay of the mean of gradients")
    adam_beta2: Probability = Field(0.999, description="adam: decay of the mean of squares")
    adam_eps: Positive = Field(1e-8, description="adam: added to the root of the mean of squares")
    batch_size: Count | Literal["full"] = Field(
        description="samples a step, or full for all training samples"
    )
    epochs: Count | None = Field(
        None, description="passes over the training samples (give epochs or steps)"
    )
    steps: Count | None = Field(None, description="optimiser steps (give epochs or steps)")
    evaluate_every: Count = Field(
        1, description="epochs between two evaluations; the last epoch is always evaluated"
    )
    diagnostics: list[Diagnostic] = Field(
        [],
        description="what is measured beside the metrics: "
        + "; ".join(f"{name} = {diagnostic.description}" for name, diagnostic in PROBES.items()),
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        0, description="root of all random streams of the run"
    )

    @property
    def task(self) -> str:
        """The data set's task: ``classification`` or ``regression``."""
        return DATASETS[self.dataset].task

    @property
    def n_validation(self) -> int:
        """Number of validation samples."""
        if self.validation_samples is None:
            return DATASETS[self.dataset].validation_samples
        return self.validation_samples

    @property
    def n_train(self) -> int:
        """Number of training samples."""
        return self.train_samples or DATASETS[self.dataset].train_rows - self.n_validation

    @property
    def n_batch(self) -> int:
        """Number of samples of an ordinary (not the last) batch."""
        return self.n_train if self.batch_size == "full" else self.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches an epoch has, the partial last one included."""
        return math.ceil(self.n_train / self.n_batch)

    @property
    def total_steps(self) -> int:
        """Number of optimiser steps of the whole run."""
        return self.steps or self.steps_per_epoch * (self.epochs or 0)

    @property
    def total_epochs(self) -> int:
        """Number of epochs of the whole run; ``steps`` may end the last one early."""
        return math.ceil(self.total_steps / self.steps_per_epoch)

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        for disagreement in _disagreements(self):
            raise ValueError(disagreement)
        return self

    def differences(self) -> dict[str, Any]:
        """Return the fields that differ from their default, in the order of the model."""
        return self.model_dump(exclude_defaults=True)


PER_RUN_FIELDS = frozenset(
    {
        "seed",
        "learning_rate",
        "learning_rate_decay",
        "momentum",
        "adam_beta1",
        "adam_beta2",
        "adam_eps",
        "init_scale",
        "lambda1",
        "lambda2",
        "norm_eps",
        "norm_momentum",
        "dropout",
        "label_noise",
    }
)


def _disagreements(recipe: Recipe) -> Iterator[str]:
    """Yield what does not fit together in a recipe whose single fields are all right."""
    dataset, named = DATASETS[recipe.dataset], repr(recipe.dataset)
    classifies = dataset.task == "classification"
    rows, validation, n = dataset.train_rows, recipe.n_validation, recipe.n_train
    if len(set(recipe.diagnostics)) < len(recipe.diagnostics):
        yield f"diagnostics: {recipe.diagnostics} names one twice; allowed: each once"
    if (recipe.loss != "mse") != classifies:
        right = "cross_entropy, double_softmax" if classifies else "mse"
        yield (
            f"loss: {recipe.loss!r} does not fit the {dataset.task} data set {named}; "
            f"allowed: {right}"
        )
    if not classifies and recipe.scaling in ("zero_one", "minus_one_one"):
        yield f"scaling: {recipe.scaling!r} is for images; allowed for {named}: standard, raw"
    if classifies and recipe.target_scaling != "none":
        yield (
            f"target_scaling: {recipe.target_scaling!r} is for regression; "
            f"allowed for {named}: none"
        )
    if not classifies and recipe.label_noise:
        yield f"label_noise: {recipe.label_noise!r} needs classes; allowed for {named}: 0"
    for name in recipe.diagnostics:
        if PROBES[name].needs == "classes" and not classifies:
            allowed = ", ".join(one for one, spec in PROBES.items() if spec.needs != "classes")
            yield f"diagnostics: {name!r} needs classes; allowed for {named}: {allowed}"
        if PROBES[name].needs == "validation" and not validation:
            yield (
                f"diagnostics: {name!r} is measured on validation samples, and validation_samples "
                "is 0; allowed: other diagnostics"
            )
    if (recipe.epochs is None) == (recipe.steps is None):
        yield f"epochs: {recipe.epochs}, steps: {recipe.steps}; allowed: exactly one of the two"
    if validation >= rows:
        yield (
            f"validation_samples: {recipe.validation_samples} leaves no training sample; "
            f"allowed: 1 to {rows - 1}"
        )
    elif n + validation > rows:
        yield (
            f"train_samples: {recipe.train_samples} is more than there are; allowed: "
            f"1 to {rows - validation} ({rows} minus {validation} for validation)"
        )
    elif recipe.n_batch > n:
        yield (
            f"batch_size: {recipe.batch_size} is larger than the training set of {n}; "
            f"allowed: 1 to {n}, or full"
        )
    elif recipe.norm == "batch" and recipe.hidden and (n % recipe.n_batch or recipe.n_batch) < 2:
        yield (
            f"batch_size: {recipe.batch_size} leaves a batch of one sample of {n}, and batch norm "
            "has no variance to go by there; allowed: a batch size whose last batch holds at least "
            "2"
        )
