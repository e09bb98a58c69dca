"""The experiments: what each varies and measures, declared apart from the code that computes it.

Read when Snakemake parses the Snakefile, so nothing heavy is imported: the module of an experiment
is, when it is run.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from restudy.datasets.load import PreparedData

_PACKAGE = "restudy.experiments"


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        title: what is done, in words.
        code: ``module.function`` below this package; the function takes name -> prepared data and
            returns the table that :func:`check` asks for.
        factors: what varies -> its levels, in order. A level is text, a number too.
        numbers: what is measured -> what that is, with its unit.
        datasets: names of the data sets that it needs.
        seeds: how often it is done, with the seeds 0, 1, ...
        timed: whether it measures seconds. They are not the same twice, so what is made of them
            has files of its own; a seed is then a repetition, in which all levels take turns.
    """

    title: str
    code: str
    factors: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, str]
    datasets: tuple[str, ...] = ()
    seeds: int = 10
    timed: bool = False

    @property
    def module(self) -> str:
        """The full name of the module with the code."""
        return f"{_PACKAGE}.{self.code.partition('.')[0]}"


_TO_TARGET = {
    "seconds_per_epoch": "of the processor, for training alone",
    "seconds_to_target": "the same, until the accuracy is reached on validation data; or until it "
    "is given up, after ten epochs",
    "epochs_to_target": "likewise",
    "learning_rate": "that was used: the quickest of five on validation data",
    "reached": "1 if the accuracy was reached, else 0",
}

EXPERIMENTS: Mapping[str, Experiment] = {
    "layer-gradients": Experiment(
        "Gradients of layers and losses written by hand, against centred differences",
        "gradients.layer_gradients",
        {"layer": ("affine", "relu", "sigmoid", "affine_relu", "mse", "softmax")},
        {
            "norm_relative_error": "|hand - numerical| / |numerical|, of the worst input",
            "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
            "log10_norm_relative_error": "its decimal logarithm, -16 or more",
        },
    ),
    "network-gradients": Experiment(
        "Gradients of the whole network, with and without an L2 penalty",
        "gradients.network_gradients",
        {"reg": ("0", "3.14"), "parameter": ("W1", "b1", "W2", "b2", "W3", "b3")},
        {
            "norm_relative_error": "|hand - numerical| / |numerical|",
            "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
            "log10_norm_relative_error": "its decimal logarithm, -16 or more",
        },
    ),
    "initial-loss": Experiment(
        "The first loss of an untrained network on MNIST",
        "first_loss.initial_loss",
        {"weight_scale": ("0.001", "0.01", "0.05", "0.5")},
        {
            "loss": "cross-entropy, nats",
            "above_log_classes": "the same less ln 10, nats",
        },
        ("mnist",),
    ),
    "softmax-overflow": Experiment(
        "Softmax and cross-entropy in float32, fused or in separate steps",
        "softmax.softmax_overflow",
        {
            "computation": ("fused", "separate", "separate, not shifted"),
            "scale": ("1", "10", "100", "1000"),
        },
        {
            "bad_losses": "share of samples whose loss is not finite",
            "bad_gradients": "share of samples whose gradient is not finite",
            "gradient_error": "largest |float32 - float64| of a sample's gradient, which lies in "
            "[-1, 1], 1 where it is not finite; mean over the samples",
        },
    ),
    "confident-mistakes": Experiment(
        "Loss and gradient as the right class becomes less probable",
        "softmax.confident_mistakes",
        {
            "loss_function": ("cross_entropy", "mse"),
            "p_true": ("0.5", "0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06"),
        },
        {
            "loss": "nats, or the sum of squared errors of the probabilities",
            "times_half": "the loss, in units of that at p_true = 0.5",
            "right_score_gradient": "|gradient| with respect to the right class's score",
            "scores_gradient": "|gradient| with respect to all scores",
        },
    ),
    "binary-outputs": Experiment(
        "Two digits told apart by a sigmoid with cross-entropy, or a linear output with MSE",
        "binary.binary_outputs",
        {"digits": ("3 or 5", "4 or 9"), "output": ("sigmoid", "linear")},
        {
            "log_loss": "test cross-entropy, nats; outputs cut off to probabilities",
            "brier": "test mean of (probability - label)^2",
            "calibration_error": "test ECE, 10 bins: mean |mean probability - share of labels 1|",
            "accuracy": "share of test samples on the right side of 0.5",
        },
        ("mnist",),
    ),
    "outliers": Experiment(
        "Linear regression on prices of which some are ten times too high",
        "regression.outliers",
        {
            "loss_function": ("mse", "huber", "mae"),
            "corrupted": ("0", "0.01", "0.05", "0.1"),
        },
        {
            "rmse": "on clean test targets, 100,000 US dollars",
            "mae": "the same, mean absolute error",
            "rmse_rise": "rmse less that of the same loss without corruption",
            "mae_rise": "mae less that of the same loss without corruption",
        },
        ("california_housing",),
    ),
    "one-minimum": Experiment(
        "Two trainings from different starts: do they end in one place?",
        "regression.one_minimum",
        {"model": ("linear", "mlp")},
        {
            "final_loss": "training MSE, mean of the two, of standardised prices",
            "spread": "|difference of the two final losses|",
            "barrier": "highest loss on the straight line between the two ends, above the line "
            "between their losses",
            "gradient": "|gradient| at the end, the larger of the two",
        },
        ("california_housing",),
    ),
    "descent": Experiment(
        "Steps of plain gradient descent, momentum and Nesterov on three landscapes",
        "descent.descent",
        {
            "landscape": ("quadratic", "plateau", "saddle"),
            "optimiser": ("plain", "momentum 0.5", "momentum 0.9", "momentum 0.99", "nesterov 0.9"),
            "rate": ("tuned", "same"),
        },
        {
            "steps": "until the target is reached; 2,001 if 2,000 were not enough",
            "learning_rate": "that was used",
            "sign_changes": "share of updates of a coordinate with another sign than the last",
            "roughness": "sum |change of the update| / sum |update|",
        },
    ),
    "double-well": Experiment(
        "Which of two wells a particle ends in, with noise on the gradient or without",
        "wells.double_well",
        {
            "start": ("shallow well", "anywhere"),
            "optimiser": ("plain", "momentum 0.9", "nesterov 0.9"),
            "noise": ("0", "1", "2", "4"),
        },
        {
            "deeper": "share of particles that end in the deeper well",
            "final_loss": "mean height at the end, after steps without noise",
        },
    ),
    "scale-sensitivity": Experiment(
        "What a network makes of weights or inputs multiplied by a number",
        "batch_norm.scale_sensitivity",
        {
            "norm": ("batch", "none"),
            "scaled": ("weights", "inputs"),
            "factor": ("0.1", "0.5", "2", "10"),
        },
        {
            "output_change": "|change of the logits| / |logits|",
            "gradient_exponent": "p, if the gradient with respect to what was multiplied by a is "
            "multiplied by a^p",
        },
        ("mnist",),
    ),
    "batch-mates": Experiment(
        "The logits of one image among 100 random batches",
        "batch_norm.batch_mates",
        {
            "norm": ("batch, training", "batch, inference", "none"),
            "batch_size": ("16", "64", "256", "1024"),
        },
        {
            "logit_sd": "standard deviation of a logit over the batches, root mean square",
            "relative_sd": "the same, in units of the standard deviation from image to image",
            "changed": "share of batches in which the image is given another class than in most",
        },
        ("mnist",),
    ),
    "norm-identity": Experiment(
        "How far batch norm is from doing nothing",
        "batch_norm.norm_identity",
        {"affine": ("sd with epsilon", "sd", "none")},
        {
            "max_difference": "largest |output - input|, in units of the inputs' deviation",
        },
        ("mnist",),
    ),
    "epsilon": Experiment(
        "Batch norm of raw pixels, by where epsilon is added",
        "epsilon.epsilon",
        {
            "pixels": ("border", "centre"),
            "epsilon": (
                "none",
                *("1e-8 in the root", "1e-5 in the root", "1e-3 in the root"),
                *("1e-8 to sigma", "1e-5 to sigma", "1e-3 to sigma"),
            ),
        },
        {
            "bad_outputs": "share of outputs that are not finite",
            "bad_gradients": "share of gradients that are not finite",
            "largest_gradient": "largest finite |gradient| with respect to a pixel, that of an "
            "output being normal(0, 1)",
            "output_difference": "|output - that with 1e-5 in the root| / |that|, of finite ones",
            "gradient_difference": "the same of the gradients",
        },
        ("mnist",),
    ),
    "normality": Experiment(
        "How normal the values are that batch norm makes",
        "normality.normality",
        {
            "stage": ("start", "trained"),
            "values": ("raw", "batch norm", "after relu", "normal numbers"),
        },
        {
            "skewness": "|skewness| of a unit's values, mean over the units",
            "excess_kurtosis": "|kurtosis - 3|, the same",
            "distance": "Kolmogorov's distance to normal(0, 1), the same",
            "shape_distance": "distance to the normal with the values' mean and sd, the same",
        },
        ("mnist",),
    ),
    "inference-statistics": Experiment(
        "Test accuracy by running averages, or by the statistics of all training samples",
        "inference.inference_statistics",
        {
            "statistics": ("moving average", "all samples"),
            "norm_momentum": ("0.01", "0.1", "0.5", "0.9"),
        },
        {
            "test_accuracy": "share of test samples, after ten epochs",
            "test_loss": "cross-entropy, nats",
        },
        ("mnist",),
    ),
    "short-of-data": Experiment(
        "A network with 1,001 weights and few houses to learn from",
        "short_of_data.short_of_data",
        {"samples": ("10", "100", "1000"), "remedy": ("none", "L2", "dropout")},
        {
            "train_rmse": "on the houses it learned from, 100,000 US dollars",
            "test_rmse": "on all test houses, 100,000 US dollars",
            "gap": "the second less the first",
        },
        ("california_housing",),
    ),
    "classical-images": Experiment(
        "A network beside classical methods, on pixels and on features, with 5,000 images",
        "classical.classical_images",
        {
            "dataset": ("mnist", "fashion_mnist"),
            "model": (
                *("mlp", "logistic", "k-NN", "RBF SVM", "random forest", "gradient boosting"),
                *("logistic on PCA", "logistic on HOG", "logistic on mlp features"),
                *("RBF SVM on PCA", "RBF SVM on HOG"),
            ),
        },
        {"test_accuracy": "share of 5,000 test samples"},
        ("mnist", "fashion_mnist"),
        seeds=5,
    ),
    "classical-housing": Experiment(
        "A network beside classical methods, with 2,000 houses",
        "classical.classical_housing",
        {"model": ("mlp", "linear", "ridge", "random forest", "gradient boosting")},
        {
            "test_rmse": "100,000 US dollars",
            "test_r2": "1 - squared errors / squares about the mean",
        },
        ("california_housing",),
        seeds=5,
    ),
    "batch-memory": Experiment(
        "Bytes of activations and gradients in networks drawn at random, by batch size",
        "memory.batch_memory",
        {"batch_size": ("32", "64", "128", "256", "512", "1024")},
        {
            "activation_bytes": "kept of the forward pass for the backward pass",
            "activation_bytes_per_sample": "the same / batch size",
            "gradient_bytes": "of all parameters",
            "bytes": "of activations and gradients",
        },
    ),
    "norm-memory": Experiment(
        "What networks drawn at random keep in training, with batch norm and without it",
        "memory.norm_memory",
        {"norm": ("batch", "none")},
        {
            "state_values": "parameters and running averages, count",
            "activation_bytes": "kept of the forward pass for the backward pass",
            "training_bytes": "of parameters, running averages, gradients and activations",
        },
    ),
    "vectorised-pass": Experiment(
        "One pass over 1,000 images: one product of matrices, or a loop over the images",
        "vectorising.vectorised_pass",
        {"computation": ("matrix product", "loop over samples")},
        {"seconds": "of the processor, for loss and gradient of softmax regression"},
        ("fashion_mnist",),
        timed=True,
    ),
    "softmax-speed": Experiment(
        "What softmax and cross-entropy cost, fused or in separate steps",
        "softmax_times.softmax_speed",
        {"library": ("numpy", "torch"), "computation": ("fused", "separate")},
        {"seconds": "of the processor: loss and gradient of 64 x 10 scores"},
        timed=True,
    ),
    "activation-speed": Experiment(
        "What ReLU, sigmoid and tanh cost, alone and in a step of a network",
        "step_times.activation_speed",
        {
            "library": ("numpy", "torch"),
            "work": ("function alone", "step of a network"),
            "activation": ("relu", "sigmoid", "tanh"),
        },
        {
            "seconds": "of the processor: forward and backward on 64 x 512 values, or a step of a "
            "784-512-512-10 network, batch of 64",
        },
        ("mnist",),
        timed=True,
    ),
    "norm-step": Experiment(
        "What a training step costs, with batch norm and without it",
        "step_times.norm_step",
        {"library": ("numpy", "torch"), "norm": ("batch", "none")},
        {"seconds": "of the processor, for a step of a 784-512-256-10 network, batch of 64"},
        ("mnist",),
        timed=True,
    ),
    "batch-size-speed": Experiment(
        "Seconds to an accuracy of 85% on MNIST, by batch size",
        "to_target.batch_size_speed",
        {"batch_size": ("8", "32", "128", "256", "1024")},
        _TO_TARGET,
        ("mnist",),
        seeds=5,
        timed=True,
    ),
    "norm-speed": Experiment(
        "Seconds to an accuracy of 85% (MNIST) and 75% (Fashion-MNIST), with batch norm or without",
        "to_target.norm_speed",
        {"dataset": ("mnist", "fashion_mnist"), "norm": ("batch", "none")},
        _TO_TARGET,
        ("mnist", "fashion_mnist"),
        seeds=5,
        timed=True,
    ),
    "mse-gradient": Experiment(
        "The gradient of the squared error, each prediction's own or added up over the batch",
        "gradients.mse_gradients",
        {"gradient": ("summed", "own")},
        {
            "norm_relative_error": "|written - numerical| / |numerical|",
            "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
            "log10_norm_relative_error": "decimal logarithm of the first, -16 or more",
        },
    ),
    "l2-strengths": Experiment(
        "One printed strength of L2 in the two formulas that the sources have",
        "strengths.l2_strengths",
        {
            "formula": ("lambda/2 sum w^2", "lambda sum w^2"),
            "strength": ("as printed", "converted"),
        },
        {
            "effective_lambda": "gradient of the penalty / weight, in units of the printed lambda",
            "squared_weights": "sum of the squared weights of a softmax classifier, trained",
            "test_accuracy": "share of 2,000 test samples",
        },
        ("mnist",),
    ),
    "running-variance": Experiment(
        "The variance that batch norm uses at inference, averaged over batches, by its divisor",
        "running_variance.running_variance",
        {"divisor": ("biased", "unbiased"), "batch_size": ("2", "4", "16", "64", "256")},
        {
            "variance_ratio": "running variance / that of all training samples, mean of the units",
            "output_difference": "|normalised values - those by the right variance| / |those|, of "
            "test samples",
            "test_accuracy": "share of test samples",
        },
        ("mnist",),
    ),
    "validation-sizes": Experiment(
        "The accuracy of one network on validation sets that have no image in common",
        "held_out.validation_sizes",
        {"images": ("1000", "5000", "10000")},
        {
            "sd": "standard deviation of the accuracy over the sets",
            "range": "largest less smallest",
        },
        ("mnist",),
    ),
    "last-rows": Experiment(
        "The last fifth of the rows for validation, or a fifth drawn at random",
        "held_out.last_rows",
        {"rows": ("in random order", "sorted by class"), "split": ("last fifth", "drawn")},
        {
            "validation_accuracy": "share of the rows held out",
            "test_accuracy": "share of 2,000 test samples",
            "validation_less_test": "the first less the second",
        },
        ("mnist",),
    ),
    "unused-split": Experiment(
        "S3's small network trained on all images, or with a tenth held out to choose the epoch",
        "held_out.unused_split",
        {"held_out": ("nothing", "a tenth")},
        {"test_accuracy": "share of 2,500 test samples"},
        ("mnist",),
    ),
    "noise-data": Experiment(
        "A network trained on noise with random labels, or on digits",
        "inputs.noise_data",
        {"samples": ("noise", "mnist")},
        {
            "train_accuracy": "share of 450 training samples",
            "validation_accuracy": "share of 450 others of the same kind",
        },
        ("mnist",),
    ),
    "divided-twice": Experiment(
        "Pixels divided by 255 once or twice, with and without batch norm",
        "inputs.divided_twice",
        {"divided": ("once", "twice"), "norm": ("none", "batch")},
        {
            "epochs": "until the validation accuracy is 0.8; 13 if 12 were not enough",
            "test_accuracy": "share of 2,000 test samples, after 12 epochs",
        },
        ("mnist",),
    ),
    "pairing": Experiment(
        "Batch norm against none, on the same seeds or on different ones",
        "pairing.pairing",
        {"seeds": ("different", "the same")},
        {"sd": "standard deviation of the difference in test accuracy, of 8 pairs"},
        ("mnist",),
    ),
    "redundant-bias": Experiment(
        "A hidden layer with a bias or without, before batch norm or straight before its ReLU",
        "biases.redundant_bias",
        {"norm": ("batch", "none"), "bias": ("kept", "left out")},
        {
            "bias_gradient": "|gradient of the bias| / |that of the weights|, after training; 0 "
            "without a bias",
            "test_accuracy": "share of 5,000 test samples",
        },
        ("mnist",),
    ),
    "shared-bias": Experiment(
        "S4's networks with one bias for a whole layer, or one for each unit",
        "biases.shared_bias",
        {"model": ("softmax", "one hidden layer"), "bias": ("one", "one a unit")},
        {
            "bias_gradient": "|gradient of the last layer's bias|, in units of sum |gradient of a "
            "score|, after training",
            "test_accuracy": "share of 5,000 test samples",
        },
        ("fashion_mnist",),
    ),
    "norms-and-batch-sizes": Experiment(
        "Batch norm and layer norm, in batches from 2 to 64 samples",
        "batch_sizes.norms_and_batch_sizes",
        {"norm": ("batch", "layer"), "batch_size": ("2", "4", "16", "64")},
        {
            "test_accuracy": "share of 5,000 test samples",
            "below_largest_batch": "how much less that is than with batches of 64",
        },
        ("mnist",),
    ),
    "choosing": Experiment(
        "One of ten networks chosen by the test set, or by a validation set",
        "choosing.choosing",
        {"chosen_on": ("test", "validation")},
        {
            "test_accuracy": "share of 10,000 test images, of the network chosen; mean over splits",
            "fresh_accuracy": "share of 5,000 images that no choice has seen, likewise",
            "optimism": "the first less the second",
        },
        ("fashion_mnist",),
        seeds=10,
    ),
    "dropout-scores": Experiment(
        "Training accuracy with dropout on while the weights change, or off at the epoch's end",
        "dropout_scores.dropout_scores",
        {"dropout": ("0", "0.3"), "scored": ("while training", "at the end")},
        {
            "train_accuracy": "share of 1,500 training samples, last epoch",
            "gap": "the same less the share of 5,000 test samples",
        },
        ("fashion_mnist",),
    ),
    "learned-statistics": Experiment(
        "Batch norm, or learned numbers in the place of the batch's mean and deviation",
        "learned_statistics.learned_statistics",
        {"norm": ("learned", "batch"), "weights": ("0.01", "0.1", "1")},
        {
            "unit_sd": "standard deviation of a normalised unit over the samples, before training",
            "test_accuracy": "share of 5,000 test samples",
        },
        ("mnist",),
    ),
    "initial-sd": Experiment(
        "S4's initial weights, of one size for all layers, or by each layer's fan-in",
        "first_weights.initial_sd",
        {"weights": ("0.05", "by fan-in")},
        {
            "train_loss": "cross-entropy after 200 steps, nats",
            "test_accuracy": "share of 2,000 test samples",
        },
        ("fashion_mnist",),
        seeds=5,
    ),
    "class-losses": Experiment(
        "Images classified by a network with cross-entropy, or with the squared error",
        "matched_losses.class_losses",
        {"dataset": ("mnist", "fashion_mnist"), "loss_function": ("cross_entropy", "mse")},
        {
            "test_accuracy": "share of 2,000 test samples",
            "steps": "until 80% of validation are right (Fashion-MNIST: 70%); 1,290 if never",
            "learning_rate": "that was chosen on validation data",
        },
        ("mnist", "fashion_mnist"),
        seeds=8,
    ),
    "price-losses": Experiment(
        "House prices by a network with the squared, the absolute or Huber's error",
        "matched_losses.price_losses",
        {"loss_function": ("mse", "mae", "huber")},
        {
            "test_rmse": "100,000 US dollars",
            "test_mae": "the same, mean absolute error",
            "learning_rate": "that was chosen on validation data",
        },
        ("california_housing",),
        seeds=8,
    ),
    "decay-rules": Experiment(
        "What L2 makes of each weight: in Adam, in plain descent, or as decay beside Adam",
        "decay_rules.decay_rules",
        {"decay": ("in Adam", "in plain descent", "beside Adam")},
        {
            "ratio": "sum |w with decay| / sum |w without|, of all weights",
            "decile_spread": "the same in each decile of the weights' size: largest less smallest",
            "removed": "rise of the share of weights below 1% of their layer's root mean square",
        },
        ("fashion_mnist",),
        seeds=6,
    ),
    "correlated-inputs": Experiment(
        "L1, L2 and elastic net on inputs that are there three times with noise, at one error",
        "correlated.correlated_inputs",
        {"penalty": ("L1", "L2", "elastic net"), "noise": ("0.1", "0.3")},
        {
            "unevenness": "sum of squares of coefficients about the mean of the three copies / sum "
            "of squares",
            "split_groups": "share of features with copies in the model and copies left out of it",
            "test_rmse": "100,000 US dollars",
            "strength": "of the penalty",
        },
        ("california_housing",),
    ),
    "bootstrap-disagreement": Experiment(
        "Networks trained on bootstrap samples of 2,000 images: do they say the same?",
        "bootstrap.bootstrap_disagreement",
        {
            "dataset": ("mnist", "fashion_mnist"),
            "lambda2": ("0", "0.001", "0.003", "0.01", "tuned"),
        },
        {
            "disagreement": "share of 2,000 test samples that two networks give different classes",
            "test_accuracy": "share of the same, mean of the networks",
            "strength": "of the L2 penalty",
        },
        ("mnist", "fashion_mnist"),
        seeds=5,
    ),
    "sharp-drops": Experiment(
        "The sharpest drop of the training loss, and where the run ends",
        "drops.sharp_drops",
        {"activation": ("relu", "tanh")},
        {
            "final_correlation": "rank correlation over 12 runs of sharpness, the largest share of "
            "the whole fall that falls in 5 of 200 steps, with the final loss",
            "later_correlation": "the same with ln(loss after that drop / lowest later loss)",
            "least_sharp": "sharpness of the run with the least",
            "sharpest": "sharpness of the run with the most",
        },
        ("mnist",),
    ),
    "deep-networks": Experiment(
        "50 and 100 layers, with batch norm, without, and with batch norm and skip connections",
        "deep.deep_networks",
        {"depth": ("50", "100"), "variant": ("none", "batch norm", "batch norm and skips")},
        {
            "train_accuracy": "share of 1,000 training samples after 150 steps, at the best rate",
            "learning_rate": "that rate",
        },
        ("mnist",),
        seeds=4,
    ),
    "noisy-norm": Experiment(
        "Steps to a target with batch norm whose outputs are shifted and scaled at random",
        "noisy_norm.noisy_norm",
        {"norm": ("none", "batch", "batch, noise 0.5", "batch, noise 1")},
        {
            "steps": "until 85% of validation are right; 310 if never",
            "shift": "of batch means from step to step, in standard deviations",
            "validation_accuracy": "share of 500 validation samples after 300 steps",
            "learning_rate": "that was chosen, by the steps",
        },
        ("mnist",),
        seeds=6,
    ),
    "equal-loss": Experiment(
        "Batch sizes, batch norm and dropout compared when the training loss is 0.1",
        "equal_loss.equal_loss",
        {
            "side": (
                *("batches of 8", "batches of 64", "batches of 512"),
                *("batches of 64, batch norm", "batches of 512, dropout 0.3"),
            )
        },
        {
            "test_accuracy": "share of 2,000 test images, when the training loss is 0.1",
            "train_accuracy": "share of the 1,500 training images, likewise",
            "gap": "the second less the first",
            "epochs": "until then, at most 150",
            "learning_rate": "that was chosen: the first with which all seeds are there",
        },
        ("mnist",),
        seeds=8,
    ),
}


def run(name: str, data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Do an experiment.

    Args:
        name: its name in :data:`EXPERIMENTS`.
        data: name -> prepared data set, at least those that it needs.

    Returns:
        one row for each combination of levels and each seed; see :func:`check`.

    Raises:
        KeyError: there is no such experiment, or a data set is not there.
        ValueError: its table is not as declared.
    """
    experiment = EXPERIMENTS[name]
    function = experiment.code.partition(".")[2]
    table: pd.DataFrame = getattr(importlib.import_module(experiment.module), function)(data)
    check(name, table)
    return table


def check(name: str, table: pd.DataFrame) -> None:
    """See to it that a table is what its experiment declares.

    Its columns are the factors, ``seed`` and the numbers, in this order; every combination of
    levels is there once for each seed.

    Raises:
        ValueError: it is not.
    """
    experiment = EXPERIMENTS[name]
    keys = [*experiment.factors, "seed"]
    columns = [*keys, *experiment.numbers]
    if list(table.columns) != columns:
        raise ValueError(f"{name}: columns {list(table.columns)}; declared: {columns}")
    found = sorted(table[keys].itertuples(index=False, name=None))
    if found != sorted(itertools.product(*experiment.factors.values(), range(experiment.seeds))):
        raise ValueError(f"{name}: not every combination of levels and seeds once, or others too")
    floats = table[list(experiment.numbers)].dtypes == "float64"
    if not floats.all():
        raise ValueError(f"{name}: not all numbers are float64: {list(floats.index[~floats])}")
