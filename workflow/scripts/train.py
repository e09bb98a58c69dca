import gc
from functools import partial
from pathlib import Path

from restudy.config.loading import load_settings
from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec
from restudy.runtime.job_log import job

# What is imported stays: looking for garbage in it takes a sixth of the time of importing it.
gc.disable()

with job(snakemake.log[0]) as say:
    import torch

    from restudy.runtime.lightning import import_lightning

    import_lightning()

    from restudy.results.group_files import FILES
    from restudy.runtime.job_records import write_record
    from restudy.tracking.live_logging import LiveGroup
    from restudy.tracking.store import artifact_root, read_tracked, tracking_uri
    from restudy.training.train_group import describe, train_group
    from restudy.training.train_job import train_in_turn

    gc.freeze()
    gc.enable()

    # From the config and not from params: these change speed and the view, but no numbers.
    settings = load_settings(snakemake.config)
    results = Path(settings.results)
    torch.set_num_threads(snakemake.threads)
    uri = tracking_uri(settings.tracking.uri, results)
    groups = {group["id"]: group for group in snakemake.params.groups}
    folders = {name: results / "groups" / name for name in groups}

    def train(name):
        group = groups[name]
        live = LiveGroup(
            uri,
            artifact_root(uri, results),
            partial(read_tracked, results),
            name,
            settings.tracking.flush_interval_s,
            warn=say,
            system_metrics=settings.tracking.system_metrics,
        )
        found, trained = train_group(
            [RunSpec(run["id"], Recipe(**run["recipe"])) for run in group["runs"]],
            folders[name],
            Path(snakemake.input.data),
            version=snakemake.params.version,
            device=settings.training.device,
            stack=settings.training.max_stacked_runs,
            choice=settings.training.matmul_backend,
            engine=snakemake.params.engine,
            keep_weights=group["keep_weights"],
            checkpoints=results / "checkpoints" / name,
            checkpoint_interval_s=settings.training.checkpoint_interval_s,
            watch=live.watch,
        )
        live.finish(found)
        return describe(name, found, trained)

    train_in_turn(folders, train, say, [Path(file) for file in snakemake.input])
    write_record(
        Path(snakemake.output[0]),
        (folder / name for folder in folders.values() for name in FILES),
        results,
    )
