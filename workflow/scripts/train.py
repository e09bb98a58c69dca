from pathlib import Path

from restudy.config.identity import Lane
from restudy.config.loading import load_settings
from restudy.config.recipe import Recipe
from restudy.console import job

with job(snakemake.log[0]) as say:
    import torch

    from restudy.plan import load_plan
    from restudy.tracking.live import LiveCell
    from restudy.tracking.store import artifact_root, tracking_uri
    from restudy.training import describe, train_cell

    # From the config and not from params: these change speed and the view, but no numbers.
    settings = load_settings(snakemake.config)
    torch.set_num_threads(snakemake.threads)
    folder = Path(snakemake.output.record).parent
    uri = tracking_uri(settings.tracking.uri, Path(settings.results))
    live = LiveCell(
        uri,
        artifact_root(uri, Path(settings.results)),
        lambda: [study.tracked() for study in load_plan(settings).studies.values()],
        folder.name,
        settings.tracking.live_seconds,
        warn=say,
    )
    results, trained = train_cell(
        [Lane(lane["id"], Recipe(**lane["recipe"])) for lane in snakemake.params.lanes],
        folder,
        Path(snakemake.input.data),
        code=snakemake.params.code,
        device=settings.training.device,
        stack=settings.training.stack,
        keep_weights=snakemake.params.keep_weights,
        watch=live.watch,
    )
    live.finish(results)
    say(describe(folder.name, results, trained))
