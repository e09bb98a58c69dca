from pathlib import Path

from restudy.config.identity import Lane
from restudy.config.loading import load_settings
from restudy.config.recipe import Recipe
from restudy.console import job
from restudy.training import train_cell

with job(snakemake.log[0]) as say:
    import torch

    # From the config and not from params: these change speed, no numbers, and must not retrain.
    settings = load_settings(snakemake.config)
    torch.set_num_threads(snakemake.threads)
    lanes = [Lane(lane["id"], Recipe(**lane["recipe"])) for lane in snakemake.params.lanes]
    folder = Path(snakemake.output.record).parent
    results, trained = train_cell(
        lanes,
        folder,
        Path(snakemake.input.data),
        code=snakemake.params.code,
        device=settings.training.device,
        stack=settings.training.stack,
        keep_weights=snakemake.params.keep_weights,
    )
    say(f"{folder.name}: {trained} of {len(lanes)} runs trained")
