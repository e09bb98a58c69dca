"""Statuses are declared once, and no verdict is read from a text."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.common.renamed import RENAMED_VALUES
from restudy.evidence.assign_statuses import count_statuses, findings, status_tables
from restudy.evidence.configuration_search import search_configurations
from restudy.evidence.erratum_effects import effect_table
from restudy.evidence.printed_differences import difference_table
from restudy.evidence.published import published_table
from restudy.evidence.reasons import columns, parse, reason, reason_text, stated
from restudy.evidence.schema import KINDS, Catalogue, load_catalogue
from restudy.evidence.search_tables import conclusion_table
from restudy.evidence.statuses import Kind, Status, counts, label, of_kind
from restudy.evidence.verdicts import evaluate_tests
from restudy.report.view.counts import count
from restudy.results.table_files import as_text, read_typed, typed
from tests.evidence import made_up
from tests.evidence.test_claim_tests import claim, test_of
from tests.evidence.test_erratum_effects import erratum
from tests.evidence.test_verdicts import runs_of

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "results/reference/tables"
TEXTS = {
    *("statement", "what", "metric", "contrast", "metric", "title", "question", "how"),
    *("what_is_wrong", "where", "category", "topic", "name", "kind", "experiment", "unit"),
    *("split_as_labelled", "split_really", "redesigned_text", "exploratory_text", "candidate"),
    "other_statement",
}
"""Columns that people read; ``number`` and ``less`` of printed differences are ids."""


def judged(folder: Path) -> dict[str, tuple[object, ...]]:
    rows = load_catalogue(ROOT / "config/evidence")
    names = (
        "published",
        "claim_tests",
        "erratum_effects",
        "printed_differences",
        "configuration_searches",
    )
    tables = {name: read_typed(folder / f"{name}.csv") for name in names}
    found = findings(rows, tables, experiments={}, done=[], missing_figures={})
    made = status_tables(rows, (), found)
    confirmatory_rows = count_statuses(made)
    published, claims, errata = tables["published"], made["claims"], made["errata"]
    return {
        "statuses": tuple((id_, one.status, one.status.tone) for id_, one in found.items()),
        "counts": (list(confirmatory_rows.columns), confirmatory_rows.to_numpy().tolist()),
        "published": count(published["status"]),
        "claims": count(claims["status"]),
        "errata": count(errata["status"]),
    }


def test_no_verdict_count_colour_or_order_rests_on_a_text(tmp_path: Path):
    for path in TABLES.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in TEXTS & set(table):
            if (path.stem, name) != ("printed_differences", "first"):
                table[name] = ""
        table.to_csv(tmp_path / path.name, index=False)
    assert judged(tmp_path) == judged(TABLES)


def tiny(blank: bool) -> object:
    """Return the statuses of a tiny set of evidence, from its tables with or without texts."""
    studies = {"tiny": made_up.tables(made_up.plan())}
    runs = {"tiny": runs_of(made_up.plan())}
    ours = made_up.measure(filter={"norm": "batch"})
    published = (made_up.published(measure=ours), made_up.published(id="PUB-S1-002", measure=ours))
    contrast = {"what": "w", "number": "PUB-S1-001", "minus": "PUB-S1-002"}
    effect = {"what": "w", "as_published": made_up.measure(), "corrected": ours}
    errata = (
        erratum(effects=[effect], contrasts=[contrast]),
        erratum(id="ERR-S1-02", supported_by=["CLM-BN-01", "PUZ-S1-01"]),
    )
    claims = (claim(test_of(), test_of(predicts="less")), claim(test_of(), id="CLM-BN-02"))
    rows = Catalogue(published, claims, errata)
    results = search_configurations([made_up.configuration_search()], published, studies)
    tables = {
        "published": published_table(published, studies, {}),
        "claim_tests": evaluate_tests(claims, studies, runs),
        "erratum_effects": effect_table(errata, studies),
        "printed_differences": difference_table(errata, published, studies),
        "configuration_searches": conclusion_table(results),
    }
    for name, table in tables.items():
        for column in TEXTS & set(table) if blank else ():
            if (name, column) != ("printed_differences", "first"):
                table[column] = ""
    tables = {name: typed(name, as_text(table)) for name, table in tables.items()}
    missing = {"FIG-S1-01": reason("study_missing", study="s")._asdict()}
    found = findings(rows, tables, experiments={}, done=[], missing_figures=missing)
    made = count_statuses(
        {"found": pd.DataFrame({"status": [one.status for one in found.values()]})}
    )
    return [(id_, one.status) for id_, one in found.items()], made.to_dict("records")


def test_statuses_of_a_tiny_set_rest_on_no_text():
    statuses, counts_ = tiny(blank=False)
    assert tiny(blank=True) == (statuses, counts_)
    assert len({status for _, status in statuses}) > 3


@pytest.mark.parametrize("old", RENAMED_VALUES["status"])
def test_an_unknown_status_raises_with_the_nearest_right_one(old: str):
    with pytest.raises(RestudyError, match=f"did you mean '{RENAMED_VALUES['status'][old]}'"):
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
line = '    MUDDLED = "muddled", _ROWS, Group.UNDECIDED, Tone.OPEN, "muddled up", "muddled up"\\n'
source = source.replace('    NOT_TESTABLE = ', line + '    NOT_TESTABLE = ', 1)
exec(compile(source, str(path), "exec"), module.__dict__)

import sys
import pandas as pd
from restudy.docs.headline_results import headlines
from restudy.report.view.build import SUMMARISED
from restudy.evidence.assign_statuses import count_statuses
from restudy.report.html.writer import badge
from restudy.report.paper.content import content
from restudy.tracking.summaries import Verdict, _outcome
from tests.report import made_up

known = made_up.claims(("CLM-A-01", "t", "muddled"))
given = {"claims": known, "claim_tests": made_up.tests()}
view, tables = made_up.full(**given), made_up.tables() | given
assert list(count_statuses({"claims": known}).columns) == ["kind", "muddled"]
assert module.counts(["muddled"])[0].text == "1 muddled up"
assert 'class="badge open">muddled up' in made_up.page(view)
assert "1 muddled up" in content(view, {})["claims"]["outcome"]
folder = Path(sys.argv[1])
(folder / "reference.json").write_text('{"scale": "quick", "commit": "abc"}')
(folder / "tables").mkdir()
for name in SUMMARISED:
    tables[name].to_csv(folder / f"tables/{name}.csv", index=False)
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
