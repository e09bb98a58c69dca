"""The catalogue of the repository is complete, and a catalogue that is not right says so."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from restudy.common.errors import RestudyError
from restudy.config.loading import load_studies
from restudy.evidence.assign_statuses import count_statuses, repeated_experiments, status_tables
from restudy.evidence.reasons import COLUMNS as REASONS
from restudy.evidence.reasons import Finding, reason, stated, texts
from restudy.evidence.schema import (
    KINDS,
    Catalogue,
    Claim,
    Figure,
    Published,
    SourceComponent,
    load_catalogue,
)
from restudy.evidence.statuses import Status

FOLDER = Path(__file__).parents[2] / "config" / "evidence"
COUNTS = {"published": 236, "claims": 133, "errata": 102, "systems": 86, "figures": 36}
FOUR = {"S1", "S2", "S3", "S4"}
"""The sources that are counted; a checkout may have more."""
GUESSES = {
    *("inventory_prior", "predicted_effect", "expected_direction", "works_when", "cost_class"),
    *("evidence_status", "evidence", "notes", "dataset_verdict_S4", "binomial_se_points"),
}


TEST = {
    "study": "tiny",
    "number": {"split": "test", "metric": "accuracy"},
    **{"treatment": {"norm": "batch"}, "control": {"norm": "none"}},
    **{"predicts": "greater", "margin": 0.01},
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(FOLDER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small catalogue that is right."""
    rows = {
        "published": [
            {
                **{"id": "PUB-S1-001", "source": "S1", "experiment": "EXP-S1-A"},
                **{"metric": "loss", "value": "1.50", "unit": "loss"},
            }
        ],
        "claims": [],
        "errata": [],
        "systems": [{"id": "EXP-S1-A", "source": "S1", "kind": "experiment", "name": "A"}],
        "figures": [],
    }
    rows["sources"] = [{"id": id_, "title": "T", "what": "w"} for id_ in ("S1", "S12")]
    for kind, content in rows.items():
        (tmp_path / f"{kind}.yaml").write_text(yaml.safe_dump(content))
    return tmp_path


def change(folder: Path, kind: str, **fields: object) -> None:
    """Change keys of the first row of a kind; None takes a key out."""
    path = folder / f"{kind}.yaml"
    first, *others = yaml.safe_load(path.read_text())
    first = {key: value for key, value in (first | fields).items() if value is not None}
    path.write_text(yaml.safe_dump([first, *others]))


def system(**fields: object) -> SourceComponent:
    return SourceComponent.model_validate(
        {"id": "EXP-S1-A", "source": "S1", "kind": "experiment", "name": "A"} | fields
    )


def figure(**fields: object) -> Figure:
    return Figure.model_validate(
        {
            **{"id": "FIG-S1-01", "source": "S1", "experiment": "EXP-S1-A", "title": "T"},
            **{"x_axis": "x", "y_axis": "y", "series": ["a"]},
            **{"status_in_source": "absent", "corrected_figure": "drawn"},
        }
        | fields
    )


# The repository's own catalogue


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_the_inventory_is_there(catalogue: Catalogue, kind: str):
    rows = [row for row in catalogue.rows(kind) if set(row.origin.split(", ")) <= FOUR]
    assert len(rows) == COUNTS[kind]


def test_ids_are_unique(catalogue: Catalogue):
    ids = [row.id for kind in KINDS for row in catalogue.rows(kind)]
    assert len(ids) == len(set(ids)) >= sum(COUNTS.values())


def test_every_row_has_a_status(catalogue: Catalogue):
    tables = status_tables(catalogue, set())
    assert list(tables) == list(KINDS)
    for kind, table in tables.items():
        assert list(table.columns) == ["id", "source", *KINDS[kind].columns, "status", *REASONS]
        assert len(table) == len(catalogue.rows(kind))
        assert not table.isna().any(axis=None)
        assert (table["status"] != "").all()
        assert (table.loc[table["status"] == "not_testable", "reason"] != "").all()


def test_drawing_the_named_figures_changes_their_rows(catalogue: Catalogue):
    named = {row.figure: row.id for row in catalogue.figures if row.figure}
    assert {"s3-batch-size", "s1-housing"} <= set(named)
    table = status_tables(catalogue, {"s1-housing"})["figures"].set_index("id")
    assert set(table.index[table["status"] == "drawn"]) == {"FIG-S1-05"}
    assert "s3-batch-size" in table.loc[named["s3-batch-size"], "reason_args"]


def test_no_claim_in_scope_is_waved_through(catalogue: Catalogue):
    by_hand = {row.id for row in catalogue.claims if row.status == "not testable"}
    assert by_hand == {f"CLM-OOS-{number:02d}" for number in range(1, 11)}
    assert all(row.tests or row.reason for row in catalogue.claims)


def test_printed_precision_is_kept(catalogue: Catalogue):
    values = {row.id: row for row in catalogue.published}
    assert values["PUB-S3-046"].value == "1.5000"
    assert values["PUB-S1-044"].value == "0.941000"
    assert values["PUB-S1-002"].number == 9.769849468192957e-10
    assert values["PUB-S3-007"].number is None


def test_an_implied_count_is_what_the_printed_accuracy_says(catalogue: Catalogue):
    unit = {"fraction": 1, "percent": 100}
    for row in catalogue.published:
        if row.n is not None and row.implied_correct_count is not None:
            assert row.number is not None
            share = row.implied_correct_count / row.n * unit[row.unit]
            assert share == pytest.approx(row.number, abs=1e-5), row.id


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_but_what_the_sources_say(path: Path):
    def keys(node: object) -> set[str]:
        if isinstance(node, dict):
            return set(node).union(*map(keys, node.values()))
        if isinstance(node, list):
            return set().union(*map(keys, node))
        return set()

    text = "".join(line for line in path.open() if not line.startswith("#"))
    assert not keys(yaml.safe_load(text)) & GUESSES
    for word in ("recovered", "reproduced here", "measured here", "bit-exact", "verdict"):
        assert word not in text


# Catalogues that are not right


def test_small_catalogue_loads(folder: Path):
    assert load_catalogue(folder).published[0].number == 1.5


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("published", {"metrik": "x"}, ["PUB-S1-001", "metrik", "did you mean 'metric'"]),
        ("published", {"unit": None}, ["PUB-S1-001", "unit", "missing"]),
        ("published", {"value": 1.5}, ["PUB-S1-001", "value", "1.5", "allowed: text"]),
        ("published", {"source": "S5"}, ["PUB-S1-001", "the id does not name the source, 'S5'"]),
        (
            "published",
            {"id": "PUB-S123-001", "source": "S123"},
            ["PUB-S123-001", "source: 'S123'", "an id of sources.yaml", "did you mean 'S12'"],
        ),
        ("published", {"id": "PUB-1"}, ["PUB-1", "id"]),
        ("published", {"id": None}, ["row 1", "id", "missing"]),
        ("published", {"status": "supported"}, ["PUB-S1-001", "status", "'supported'"]),
        ("published", {"status": "not testable"}, ["PUB-S1-001", "'reason'"]),
        ("published", {"status": "pending"}, ["PUB-S1-001", "'reason'"]),
        ("published", {"reason": "so"}, ["PUB-S1-001", "'reason'"]),
        ("published", {"fact": "a.b", "status": "setting"}, ["PUB-S1-001", "status and fact"]),
        (
            "published",
            {"measure": {"study": "s", "split": "tset", "metric": "loss"}},
            ["PUB-S1-001: measure.split", "'tset'", "train, validation or test"],
        ),
        (
            "published",
            {"measure": {"study": "s", "split": "test", "metric": "loss", "surrogate_dat": True}},
            ["PUB-S1-001: measure.surrogate_dat", "did you mean 'surrogate_data'"],
        ),
        (
            "published",
            {"measure": {"study": "s", "split": "test", "metric": "loss", "at": {"epok": 1}}},
            ["PUB-S1-001: measure.at: {'epok': 1} is not allowed; allowed: last, best, {epoch"],
        ),
        ("published", {"experiment": "EXP-S1-B"}, ["PUB-S1-001", "experiment", "'EXP-S1-A'"]),
        ("systems", {"see": "SYS-S1-X"}, ["EXP-S1-A", "see", "SYS-S1-X"]),
        ("systems", {"status": "setting"}, ["EXP-S1-A", "status", "published numbers only"]),
    ],
)
def test_bad_row_is_named(folder: Path, kind: str, fields: dict[str, object], words: list[str]):
    change(folder, kind, **fields)
    with pytest.raises(RestudyError) as caught:
        load_catalogue(folder)
    for word in [f"{kind}.yaml", *words]:
        assert word in str(caught.value)


def test_duplicate_id_is_named(folder: Path):
    path = folder / "systems.yaml"
    path.write_text(path.read_text() * 2)
    with pytest.raises(RestudyError, match=r"systems\.yaml: id: 'EXP-S1-A'.*each id once"):
        load_catalogue(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: 1", "list of rows"), ("- [", "YAML"), ("- 7", "row 1"), (None, "No such file")],
)
def test_bad_file_is_named(folder: Path, text: str | None, words: str):
    path = folder / "claims.yaml"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(RestudyError, match=rf"claims\.yaml.*{words}"):
        load_catalogue(folder)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scope": "out of scope"}, "not testable"),
        ({"scope": "in scope", "status": "not testable", "reason": "hard"}, "out of scope"),
        ({"scope": "partly testable"}, "scope_reason"),
        ({"scope": "in scope", "metric": None}, "metric"),
        ({"status": None, "reason": None}, "'tests' or a status"),
        ({"tests": [TEST]}, "'tests' or a status"),
    ],
)
def test_scope_of_a_claim_must_fit(fields: dict[str, object], words: str):
    claim = {
        **{"id": "CLM-BN-01", "sources": ["S1"], "topic": "t", "statement": "s"},
        **{"evidence_in_source": "none", "scope": "in scope", "metric": "m", "predicts": "p"},
        **{"contrast": {"treatment": "a", "control": "b"}, "status": "pending", "reason": "b"},
    }
    Claim.model_validate(claim)
    Claim.model_validate(claim | {"status": None, "reason": None, "tests": [TEST]})
    with pytest.raises(ValueError, match=words):
        Claim.model_validate(claim | fields)


# Statuses


def test_status_by_hand_judged_drawn_or_not_yet():
    catalogue = Catalogue(
        systems=(
            system(),
            system(id="SYS-S1-B", status="not testable", reason="needs RNNs"),
            system(id="SYS-S1-C"),
        ),
        figures=(
            figure(figure="housing"),
            figure(id="FIG-S1-02", figure="other"),
            figure(id="FIG-S1-03"),
        ),
    )
    tables = status_tables(
        catalogue, {"housing"}, {"SYS-S1-C": Finding(Status("run"), stated("10 seeds"))}
    )
    assert tables["systems"]["status"].tolist() == ["pending", "not_testable", "run"]
    assert texts(tables["systems"]).tolist() == ["", "needs RNNs", "10 seeds"]
    assert list(tables["figures"]["status"]) == ["drawn", "pending", "pending"]
    assert "other" in tables["figures"]["reason_args"][1]
    assert tables["claims"].empty
    assert "statement" in tables["claims"]


@pytest.mark.parametrize("id_", ["SYS-S1-B", "SYS-S1-Z"])
def test_only_an_open_row_can_be_judged(id_: str):
    catalogue = Catalogue(
        systems=(system(id="SYS-S1-B", status="not testable", reason="needs RNNs"),)
    )
    with pytest.raises(RestudyError, match=id_):
        status_tables(catalogue, set(), {id_: Finding(Status("run"))})


def test_several_sources_are_one_text(catalogue: Catalogue):
    table = status_tables(catalogue, set())["errata"].set_index("id")
    assert table.loc["ERR-X-06", "source"] == "S3, S4"


def test_summary_counts():
    catalogue = Catalogue(
        published=(
            Published.model_validate(
                {
                    **{"id": "PUB-S1-001", "source": "S1", "experiment": "EXP-S1-A"},
                    **{"metric": "epochs", "value": "10", "unit": "count", "status": "setting"},
                }
            ),
        ),
        systems=(system(), system(id="EXP-S1-B")),
    )
    counts = count_statuses(status_tables(catalogue, set()))
    pd.testing.assert_frame_equal(
        counts,
        pd.DataFrame(
            {"kind": list(KINDS), "setting": [1, 0, 0, 0, 0], "pending": [0, 0, 0, 2, 0]},
        ),
        check_names=False,
    )


def test_how_far_outside_makes_no_status_of_its_own():
    table = pd.DataFrame({"status": ["inconsistent", "inconsistent", "pending"]})
    counts = count_statuses({"published": table})
    assert counts.to_dict("records") == [{"kind": "published", "inconsistent": 2, "pending": 1}]


def test_every_system_is_built_and_every_experiment_is_run_by_something() -> None:
    studies = load_studies(FOLDER.parent / "studies", [])
    named = {id_ for study in studies.values() for id_ in study.experiments}
    systems = load_catalogue(FOLDER).systems
    assert named <= {row.id for row in systems}
    assert [row.id for row in systems if row.ours is None and row.id not in named] == [
        "SYS-S1-LAMBDA-CV"  # choosing lambda: a study of its own, still to come
    ]


def test_experiments_are_run_by_the_studies_that_name_them() -> None:
    found = repeated_experiments({"a": ["EXP-S1-HOUSING", "EXP-S4-C-BN"], "b": ["EXP-S4-C-BN"]})
    assert found == {
        "EXP-S1-HOUSING": Finding(Status("run"), (reason("repeated_by", studies=["a"]),)),
        "EXP-S4-C-BN": Finding(Status("run"), (reason("repeated_by", studies=["a", "b"]),)),
    }
    table = status_tables(load_catalogue(FOLDER), [], found)["systems"].set_index("id")
    assert table.loc["EXP-S4-C-BN", "status"] == "run"
    assert texts(table)["EXP-S4-C-BN"] == "study a, b"
    assert table.loc["SYS-S1-AFFINE", "status"] == "built"
    assert table.loc["EXP-S3-BATCHSIZE", "status"] == "pending"
