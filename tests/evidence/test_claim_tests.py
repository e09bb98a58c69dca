"""A test of a claim that is not right says so, and none is about a study with a bad habit."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from restudy.common.errors import RestudyError
from restudy.config.loading import load_studies
from restudy.evidence.hypothesis_specs import ClaimTest
from restudy.evidence.metric_selectors import StudyIndex
from restudy.evidence.schema import Claim
from restudy.evidence.validation import Evidence, check
from tests.evidence import made_up

ROOT = Path(__file__).parents[2]
ACCURACY = {"split": "test", "metric": "accuracy"}
OTHER = {
    **{"study": None, "number": None, "experiment": "descent", "measure": "steps"},
    **{"treatment": {"optimiser": "momentum 0.9"}, "control": {"optimiser": "plain"}},
}
SIDES = {"treatment": {"norm": "batch"}, "control": {"norm": "none"}}


def test_of(**fields: Any) -> dict[str, Any]:
    found = {"study": "tiny", "number": ACCURACY, **SIDES, "predicts": "greater", "margin": 0.01}
    return {key: value for key, value in (found | fields).items() if value is not None}


test_of.__test__ = False  # type: ignore[attr-defined]


def claim(*tests: dict[str, Any], **fields: Any) -> Claim:
    return Claim.model_validate(
        {
            **{"id": "CLM-BN-01", "sources": ["S1"], "topic": "t", "statement": "s"},
            **{"evidence_in_source": "none", "scope": "in scope", "metric": "m", "predicts": "p"},
            **{"contrast": {"treatment": "a", "control": "b"}, "tests": list(tests)},
            **fields,
        }
    )


def aggregate(factor: str, statistic: str, **keys: object) -> dict[str, object]:
    return {"aggregate": {"factor": factor, "statistic": statistic} | keys}


def interaction(inside: str, outside: str) -> dict[str, object]:
    return {"interaction_levels": {"hidden": inside}, "interaction_baseline": {"hidden": outside}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"treatment": None, "control": None}, "exactly one of"),
        ({"trend": "norm"}, "exactly one of"),
        ({"control": None}, "belong together"),
        ({"control": {"hidden": "8"}}, "same factors"),
        ({"control": {"norm": "batch"}}, "other levels"),
        ({"control": {"norm": ["none", "layer"]}}, "several levels of 'norm'"),
        ({"interaction_levels": {"hidden": "8"}}, "belong together"),
        (
            {"interaction_levels": {"hidden": "8"}, "interaction_baseline": {"hidden": "8"}},
            "other levels",
        ),
        (
            {
                "control": 0.5,
                "interaction_levels": {"hidden": "8"},
                "interaction_baseline": {"hidden": "9"},
            },
            "both with levels",
        ),
        ({"ratio": True, "margin": 0.1}, "1 or more"),
        ({"predicts": "equal", "margin": 0.0}, "needs a margin"),
        ({"margin": -0.1}, "greater than or equal to 0"),
        ({"margin": None}, "margin"),
        ({"number": ACCURACY | {"curve": "epochs_to_target"}}, "belong together"),
        ({"number": ACCURACY | {"target": 0.9}}, "belong together"),
        ({"number": ACCURACY | {"curve": "roughness", "minus": ACCURACY}}, "one of them"),
        (
            aggregate("norm", "worst"),
            "'range', 'best', 'share' or 'largest'",
        ),
        (aggregate("norm", "share"), "'within' belongs to"),
        (
            aggregate("norm", "best", within=0.1),
            "'within' belongs to",
        ),
        (
            aggregate("norm", "range", by="number"),
            "'by: number' belongs to",
        ),
        (
            aggregate("learning_rate", "best", by="number"),
            "has to be of validation data",
        ),
        (OTHER | aggregate("rate", "best"), "the best"),
        ({"redesigned": "why", "exploratory": "why"}, "one of them"),
        ({"study": None}, "either 'study' and 'number'"),
        ({"experiment": "descent"}, "either 'study' and 'number'"),
        ({"number": None}, "belong together"),
        ({"measure": "steps"}, "belong together"),
        ({"than": ACCURACY}, "exactly one of"),
        ({"correlate": ACCURACY}, "exactly one of"),
        (
            {"treatment": None, "control": None, "than": ACCURACY, "correlate": ACCURACY},
            "exactly one of",
        ),
        (OTHER | {"treatment": None, "control": None, "than": ACCURACY}, "study's runs"),
        (
            {"treatment": None, "control": None, "correlate": ACCURACY}
            | {"ratio": True, "margin": 1.1},
            "no 'ratio'",
        ),
        (
            {"treatment": None, "control": None, "than": ACCURACY} | aggregate("norm", "range"),
            "needs sides",
        ),
    ],
)
def test_a_form_that_is_not_right(fields: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=words):
        ClaimTest.model_validate(test_of(**fields))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"study": "tinny"}, ["tests[0].study", "'tinny'", "did you mean 'tiny'"]),
        ({"treatment": {"nrom": "batch"}, "control": {"nrom": "none"}}, ["did you mean 'norm'"]),
        ({"treatment": {"norm": "bach"}}, ["treatment.norm", "did you mean 'batch'"]),
        ({"filter": {"norm": ["none", "bach"]}}, ["filter.norm", "'bach'"]),
        ({"trend": "width", "treatment": None, "control": None}, ["trend", "'width'"]),
        (aggregate("width", "best"), ["aggregate.factor", "'width'"]),
        ({"number": {"split": "test", "metric": "acuracy"}}, ["did you mean 'accuracy'"]),
        ({"number": ACCURACY | {"minus": {"split": "test", "metric": "r2"}}}, ["'r2'"]),
        ({"number": ACCURACY | {"at": {"epoch": 2}}}, ["measured once"]),
        ({**OTHER, "experiment": "decent"}, ["'decent'", "did you mean 'descent'"]),
        ({**OTHER, "measure": "step"}, ["'step'", "did you mean 'steps'"]),
        ({**OTHER, "treatment": {"optimiser": "plane"}}, ["did you mean 'plain'"]),
    ],
)
def test_what_the_studies_do_not_have(fields: dict[str, Any], words: list[str]):
    studies = {"tiny": made_up.plan()}
    with pytest.raises(RestudyError) as caught:
        check(Evidence([], [], [claim(test_of(**fields))]), studies, ["tiny"])
    for word in ["claims.yaml: CLM-BN-01", *words]:
        assert word in str(caught.value)


def test_a_study_as_published_judges_no_claim():
    published = made_up.plan(as_published=True)
    test = ClaimTest.model_validate(test_of())
    (complaint,) = test.validation_errors(
        "f", "tests[0]", StudyIndex({"tiny": published}, ["tiny"])
    )
    assert "without as_published" in complaint


def test_a_study_that_is_not_in_this_run_is_no_mistake():
    check(Evidence([], [], [claim(test_of(study="other"))]), {}, ["other"])


def test_every_test_of_the_repository_names_a_study_that_is_there(monkeypatch: Any):
    from restudy.evidence.schema import load_catalogue

    names = set(load_studies(ROOT / "config" / "studies"))
    claims = load_catalogue(ROOT / "config" / "evidence").claims
    named = {test.study for one in claims for test in one.tests if test.study is not None}
    assert named <= names


def test_a_claim_rests_on_a_test_that_judges():
    with pytest.raises(ValidationError, match="exploratory tests alone"):
        claim(test_of(exploratory="seen"))
    assert len(claim(test_of(exploratory="seen"), test_of()).tests) == 2


def test_noise_is_in_validation_samples_whatever_the_tables_say():
    number = {"split": "train", "metric": "noisy_accuracy"}
    words = ClaimTest.model_validate(test_of(number=number)).number_text
    assert words == "accuracy on validation samples with noise"
