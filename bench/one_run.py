"""One run as a process of its own: Lightning with its MLflow logger, as people start many of them.

Usage: ``python -m bench.one_run EXPERIMENT RECIPE DATA STORE``: an experiment of MLflow, a recipe
as JSON, a prepared data file, and the URI of an MLflow store. Trains, validates after each epoch,
tests at the end, logs all of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import MLFlowLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from bench.peers import Classifier, make_trainer
from restudy.config.recipe import Recipe
from restudy.data.load import Part, load, scale, split


class Logged(Classifier):
    """The classifier with the study's penalties, and with what is to be logged."""

    def training_step(self, batch: list[Tensor], number: int) -> Tensor:
        """Return the loss of a batch, L1 penalty included; L2 is the optimiser's weight decay."""
        loss = super().training_step(batch, number)
        if self.recipe.lambda1:
            weights = (one.weight for one in self.model.modules() if isinstance(one, nn.Linear))
            loss = loss + self.recipe.lambda1 * sum(one.abs().sum() for one in weights)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], number: int) -> None:
        """Log loss and accuracy on the validation split."""
        self._evaluate(batch, "validation")

    def test_step(self, batch: list[Tensor], number: int) -> None:
        """Log loss and accuracy on the test set."""
        self._evaluate(batch, "test")

    def _evaluate(self, batch: list[Tensor], name: str) -> None:
        x, y = batch
        outputs = self.model(x)
        self.log(f"{name}_loss", nn.functional.cross_entropy(outputs, y))
        self.log(f"{name}_accuracy", (outputs.argmax(1) == y).float().mean())


def main(experiment: str, fields: str, data: str, store: str) -> None:
    """Train one recipe and log it to the store."""
    recipe = Recipe(**json.loads(fields))
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    logger = MLFlowLogger(experiment, tracking_uri=store)
    logger.log_hyperparams(recipe.differences())
    trainer = make_trainer(recipe.epochs, logger=logger, num_sanity_val_steps=0)
    pl.seed_everything(recipe.seed, verbose=False)
    parts = split(load(Path(data)), recipe.n_train, recipe.n_validation)
    scaled = scale(parts, recipe.scaling, recipe.target_scaling)
    module = Logged(recipe)
    training = DataLoader(_tensors(scaled.train), batch_size=recipe.n_batch, shuffle=True)
    trainer.fit(module, training, DataLoader(_tensors(scaled.validation), batch_size=1000))
    trainer.test(module, DataLoader(_tensors(scaled.test), batch_size=1000), verbose=False)


def _tensors(part: Part) -> TensorDataset:
    return TensorDataset(torch.from_numpy(part.x), torch.from_numpy(part.y))


if __name__ == "__main__":
    main(*sys.argv[1:])
