"""Statuses are declared once, and no verdict is read from a text."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.evidence.assign_statuses import standing
from restudy.evidence.erratum_effects import read_demonstrations
from restudy.evidence.printed_differences import read_contrasts
from restudy.evidence.published import read_published_table
from restudy.evidence.reasons import columns, parse, reason, reason_text, stated
from restudy.evidence.schema import KINDS, load_ledger, statuses, summary
from restudy.evidence.statuses import RENAMED, Kind, Status, counts, label, of_kind
from restudy.evidence.verdicts import read_claim_tests
from restudy.report.view.counts import count

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "results/reference/tables"
TEXTS = {
    *("statement", "what", "number", "sides", "metric", "title", "question", "conclusion"),
    *("what_is_wrong", "where", "category", "topic", "name", "kind", "experiment", "unit"),
    *("split_as_labelled", "split_really", "redesigned_text", "exploratory_text", "candidate"),
    *("found", "other_found", "how", "other_statement"),
}
"""Columns that people read; ``number`` and ``less`` of printed differences are ids."""


def judged(folder: Path) -> dict[str, tuple[object, ...]]:
    rows = load_ledger(ROOT / "config/evidence")
    found = standing(
        rows,
        published_table=read_published_table(folder / "published.csv"),
        claim_tests=read_claim_tests(folder / "claim_tests.csv"),
        errata_shown=read_demonstrations(folder / "errata_shown.csv"),
        contrasts=read_contrasts(folder / "contrasts.csv"),
        puzzles=pd.read_csv(folder / "puzzles.csv", dtype=str, keep_default_na=False),
        experiments={},
        done=[],
        missing_figures={},
    )
    counted = summary(statuses(rows, (), found))
    published = read_published_table(folder / "published.csv")
    claims = pd.read_csv(folder / "claims.csv", dtype=str, keep_default_na=False)
    errata = pd.read_csv(folder / "errata.csv", dtype=str, keep_default_na=False)
    return {
        "statuses": tuple((id_, one.status, one.status.tone) for id_, one in found.items()),
        "counts": (list(counted.columns), counted.to_numpy().tolist()),
        "published": count(published["status"]),
        "claims": count(claims["status"]),
        "errata": count(errata["status"]),
    }


def test_no_verdict_count_colour_or_order_rests_on_a_text(tmp_path: Path):
    for path in TABLES.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in TEXTS & set(table):
            if (path.stem, name) != ("contrasts", "number"):
                table[name] = ""
        table.to_csv(tmp_path / path.name, index=False)
    assert judged(tmp_path) == judged(TABLES)


@pytest.mark.parametrize("old", RENAMED)
def test_an_unknown_status_raises_with_the_nearest_right_one(old: str):
    with pytest.raises(RestudyError, match=f"did you mean '{RENAMED[old]}'"):
        Status(old)
    with pytest.raises(RestudyError, match="did you mean 'consistent'"):
        counts(["consistant"])
    with pytest.raises(RestudyError, match="did you mean 'diverged'"):
        reason("divergd")


def test_every_status_has_its_words_and_a_kind_of_row():
    assert len({one.label for one in Status}) == len(Status)
    assert all(one.phrase and one.kinds and one.order >= 0 for one in Status)
    assert set(KINDS) <= set(Kind)
    assert all(Status.PENDING in of_kind(kind) for kind in KINDS)


def test_reasons_survive_a_table():
    made = (reason("diverged", n=1, total=3), *stated("so; and (so"))
    assert parse(columns(made)) == made
    assert reason_text(parse(columns(made))) == "1 of 3 runs diverged; so; and (so"
    assert columns([]) == {"reason": "", "reason_args": ""}


ADDED = """
import restudy.evidence.statuses as module
from pathlib import Path
path = Path(module.__file__)
source = path.read_text()
line = '    MUDDLED = "muddled", "muddled up", _ROWS, Group.UNDECIDED, Tone.OPEN, "muddled up"\\n'
source = source.replace("    PENDING = (", line + "    PENDING = (", 1)
exec(compile(source, str(path), "exec"), module.__dict__)

import sys
import pandas as pd
from restudy.docs.headline_results import SUMMARISED, headlines
from restudy.evidence.schema import summary
from restudy.report.html.writer import badge
from restudy.report.paper.content import content
from restudy.tracking.summaries import Verdict, _outcome
from tests.report import made_up

known = made_up.claims(("CLM-A-01", "t", "muddled"))
view = made_up.full(claims=known, claim_tests=made_up.tests())
assert list(summary({"claims": known}).columns) == ["muddled"]
assert module.counts(["muddled"])[0].text == "1 muddled up"
assert 'class="badge open">muddled up' in made_up.page(view)
assert "1 muddled up" in content(view, {})["claims"]["outcome"]
folder = Path(sys.argv[1])
(folder / "reference.json").write_text('{"scale": "quick", "commit": "abc"}')
(folder / "tables").mkdir()
for name in SUMMARISED:
    view.frame(name).to_csv(folder / f"tables/{name}.csv", index=False)
assert "1 muddled up" in headlines(folder)
assert "muddled up" in _outcome("1", "2", "x.svg", [Verdict("CLM-A-01", "muddled", "So.")])
"""


def test_a_status_is_added_in_one_file(tmp_path: Path):
    command = [sys.executable, "-c", ADDED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_people_read_labels():
    assert label("source_error_only") == "reproduced only with the source's error"
    assert label("") == ""
