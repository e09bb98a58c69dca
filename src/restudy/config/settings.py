"""The settings of a pipeline run: the models behind ``config.yaml``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from restudy.config.strict import Strict
from restudy.config.study import Scale


def _switch(value: Any) -> Any:
    """Take what ``--config key=false`` hands over as text for what it says in YAML."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


class DataSettings(Strict):
    """Where data come from and how they are split."""

    folder: str | None = Field(None, description="folder with the raw files, instead of fetching")
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        0, description="seed of the validation split, and of a test set that is not official"
    )


class TrainingSettings(Strict):
    """How groups are trained."""

    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: cuda if there is one")
    max_stacked_runs: Annotated[int, Field(ge=1)] = Field(
        10, description="how many runs of a group are stacked and trained at once"
    )
    matmul_backend: Literal["auto", "default", "onednn", "onednn_bf16"] = Field(
        "auto",
        description="how the CPU multiplies matrices: default = PyTorch's choice, onednn, or "
        "onednn_bf16 (faster on some processors, rounds to 8 bits); auto: the faster float32",
    )
    engine: Literal["auto", "compiled", "torch"] = Field(
        "auto",
        description="what takes the optimiser steps: compiled = one run at a time by code made for "
        "this processor (full batches and CUDA devices: torch all the same), torch = all runs of a "
        "stack at once; auto: the faster, compiled for batches below 1,024",
    )
    checkpoint_interval_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        60.0, description="longest training, in seconds and whole epochs, that a kill can undo"
    )


class TrackingSettings(Strict):
    """Where MLflow keeps its view of the runs."""

    uri: str | None = Field(
        None, description="an MLflow tracking URI; null: MLFLOW_TRACKING_URI, else results/mlflow"
    )
    flush_interval_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        10.0, description="longest time that metrics of a running group wait before they are sent"
    )
    system_metrics: Annotated[bool, BeforeValidator(_switch)] = Field(
        False, description="log load and memory of the machine while a group trains"
    )


class Settings(Strict):
    """One run of the pipeline."""

    title: Annotated[str, Field(min_length=1)] = Field(
        "Published results, run again", description="title of page, paper and crate"
    )
    scale: Scale = Field("default", description="how much work is done")
    results: Annotated[str, Field(min_length=1)] = Field(
        "results", description="folder that everything is written to"
    )
    studies: Annotated[str, Field(min_length=1)] = Field(
        "config/studies", description="folder with the study files"
    )
    only: list[str] = Field([], description="names of the studies to run; empty: all")
    full: list[str] = Field(
        [], description="names of studies done at the full scale whatever the scale of the run is"
    )
    experiments: Annotated[bool, BeforeValidator(_switch)] = Field(
        True, description="do the small experiments that some claims and errata rest on"
    )
    experiments_folder: Annotated[str, Field(min_length=1)] = Field(
        "experiments", description="folder with the project's own experiments, tables and drawings"
    )
    data: DataSettings = Field(DataSettings())
    training: TrainingSettings = Field(TrainingSettings())
    tracking: TrackingSettings = Field(TrackingSettings())
