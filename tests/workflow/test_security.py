"""Values that a shell would run are only values; files have sane modes."""

import os
import stat

import pytest

from tests.workflow.checkout import STUDIES, Checkout

pytestmark = pytest.mark.pipeline

COMMAND = "$(touch owned1) `touch owned2`; touch owned3 & 'q\" | > owned4"
RESULTS = "out of 'here'; touch owned5 $(touch owned6) \"q\""


def owned(checkout):
    """Return what a command in a value would have left behind, anywhere."""
    return [path for path in checkout.folder.rglob("owned*") if path.is_file()]


@pytest.fixture
def checkout(tmp_path):
    made = Checkout.fresh(tmp_path / "a 'checkout' $(touch owned7)")
    words = {"title": COMMAND, "question": COMMAND}
    made.write_study("tiny", **STUDIES["tiny"] | words)
    made.configure(only=["tiny"], results=RESULTS, tracking={"uri": None})
    return made


def test_words_like_commands_go_through_a_run_untouched(checkout):
    checkout.run("--dry-run")
    assert not owned(checkout)
    checkout.run(f"{RESULTS}/tables/tiny/summary.csv")
    assert not owned(checkout)
    assert (checkout.folder / RESULTS / "tables/tiny/summary.csv").stat().st_size
    assert list((checkout.folder / RESULTS / "groups").glob("*/group.json"))


@pytest.mark.parametrize(
    "setting", ["scale={}", "only=[{!r}]", "results={}", "studies={}", "tracking={!r}", "data={!r}"]
)
def test_a_setting_on_the_command_line_is_no_command(checkout, setting):
    checkout.configure()
    value = setting.format("$(touch owned8); touch owned9")
    checkout.start("--dry-run", "--config", value).communicate(timeout=300)
    assert not owned(checkout)


def test_a_configuration_that_asks_for_a_command_runs_none(checkout):
    text = (checkout.folder / "tiny.yaml").read_text()
    evil = "only: !!python/object/apply:os.system ['touch owned']\n"
    (checkout.folder / "tiny.yaml").write_text(text.replace("only:\n- tiny\n", evil))
    checkout.start("--dry-run").communicate(timeout=300)
    assert not owned(checkout)


def test_what_a_run_writes_has_the_modes_of_the_user_s_umask(finished):
    """No file that only its owner can read, none that everybody can write to, none to execute."""
    mask = os.umask(0)
    os.umask(mask)
    wrong = {}
    for path in [finished.results, *finished.results.rglob("*")]:
        expected = (0o777 if path.is_dir() else 0o666) & ~mask
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) != expected:
            wrong[str(path.relative_to(finished.folder))] = oct(path.stat().st_mode)
    assert not wrong
