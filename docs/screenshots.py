"""Takes the pictures of docs/tracking.md: ``python -m docs.screenshots --results results``.

Serves the store of a finished run as ``make ui`` does, opens pages of the UI in headless Chromium,
and writes them, in few colours so that they stay small, to docs/images.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from restudy.docs.browser import Tab, browser, chromium
from restudy.tracking.descriptions import NOTE
from restudy.tracking.registry import ALIAS
from restudy.tracking.saved_views import MEANS, RUNS, address
from restudy.tracking.store import open_client, tracking_uri
from restudy.tracking.ui import server

IMAGES = Path(__file__).parent / "images"
KIND = "workflowType=machine_learning"
WIDTH, HEIGHT, COLOURS = 1280, 760, 96
# What stands in the way at a first visit: a panel at the side, and what is new.
CLEAR = """(() => {
  const named = (word) => [...document.querySelectorAll("button")].filter((button) =>
    (button.getAttribute("aria-label") || "").toLowerCase().includes(word));
  for (const button of named("close")) button.click();
})()"""
UNFOLD = """(() => {
  const more = [...document.querySelectorAll("*")].filter((one) =>
    !one.children.length && one.textContent.trim() === "Show more");
  for (const one of more) one.click();
})()"""
# Where the file is on the machine that took the picture is nobody's business.
WITHOUT_PATH = """(() => {
  const path = [...document.querySelectorAll("*")].filter((one) =>
    one.textContent.trim().startsWith("Path:")).pop();
  if (path) path.style.visibility = "hidden";
})()"""


@contextmanager
def served(uri: str, port: int) -> Iterator[str]:
    """Serve a store; yield where."""
    command, environment = server(uri, port)
    process = subprocess.Popen(command, env=environment)  # noqa: S603
    start = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{start}/health")  # noqa: S310
                break
            except OSError:
                time.sleep(0.5)
        yield start
    finally:
        process.terminate()
        process.wait()


def wait_for(tab: Tab, text: str) -> None:
    """Wait until a page shows a text; after half a minute it is taken as it is."""
    for _ in range(60):
        if text in tab.run("document.body.innerText"):
            break
        time.sleep(0.5)
    time.sleep(1.5)


def shoot(tab: Tab, path: Path) -> None:
    """Write the picture of the page, in few colours."""
    picture = Image.open(io.BytesIO(tab.shot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def pages(uri: str, study: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return name, address, a text to wait for, and what to do first, of each picture."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None  # noqa: S101
    id_ = experiment.experiment_id
    (summary,) = client.search_runs([id_], "tags.`restudy.kind` = 'summary'")
    version = client.get_model_version_by_alias(study, ALIAS).version
    assert summary.data.tags[NOTE]  # noqa: S101
    run, kind = f"/#/experiments/{id_}/runs/{summary.info.run_id}", f"?{KIND}"
    return [
        ("mlflow-experiments", f"/#/experiments{kind}", "Description", ()),
        ("mlflow-runs", address(id_, RUNS), "matching runs", ()),
        ("mlflow-means", address(id_, MEANS), "matching runs", ()),
        ("mlflow-summary", run + kind, "Description", (UNFOLD,)),
        ("mlflow-figure", f"{run}/artifacts/{study}.svg{kind}", f"{study}.svg", (WITHOUT_PATH,)),
        ("mlflow-models", f"/#/models{kind}", study, ()),
        ("mlflow-model", f"/#/models/{study}/versions/{version}{kind}", "Version", ()),
    ]


def main() -> None:
    """Take all pictures of a run's store."""
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--study", default="s3-small")
    parser.add_argument("--port", type=int, default=5051)
    parser.add_argument("--images", type=Path, default=IMAGES)
    options = parser.parse_args()
    uri = tracking_uri(None, options.results)
    with served(uri, options.port) as start, browser(str(chromium())) as tab:
        tab.screen(WIDTH, HEIGHT)
        for name, path, text, scripts in pages(uri, options.study):
            tab.open("about:blank")
            tab.open(start + path)
            wait_for(tab, text)
            for script in (CLEAR, *scripts):
                tab.run(script)
                time.sleep(1.5)
            shoot(tab, options.images / f"{name}.png")


if __name__ == "__main__":
    main()
