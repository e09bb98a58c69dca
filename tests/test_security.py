"""What the code never does: load what can run code, unpack unseen, hand words to a shell."""

import ast
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.config import yaml as config_yaml
from restudy.config.sources import load_sources
from restudy.evidence import schema

ROOT = Path(__file__).parents[1]
CODE = sorted(
    path
    for folder in ("src", "workflow", "bench", "envs")
    for path in (ROOT / folder).rglob("*.py")
    if ".venv" not in path.parts
)

# Reading what these wrote runs whatever it says.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
CALLS = {
    **dict.fromkeys(["eval", "exec"], "runs text"),
    **dict.fromkeys(["os.system", "os.popen", "subprocess.getoutput"], "is a shell"),
    **dict.fromkeys(["subprocess.getstatusoutput"], "is a shell"),
    **dict.fromkeys(["yaml.unsafe_load", "yaml.full_load", "yaml.load_all"], "makes objects"),
    **dict.fromkeys(["tempfile.mktemp", "tempfile.mkstemp"], "leaves files only we can read"),
    **dict.fromkeys(["os.chmod", "os.umask"], "overrules the user's umask"),
}
# Whatever they are methods of.
METHODS = {
    **dict.fromkeys(["extractall", "unpack_archive"], "unpacks to where the archive says"),
    **dict.fromkeys(
        ["read_pickle", "to_pickle", "load_checkpoint", "load_from_checkpoint"], "pickle"
    ),
    **dict.fromkeys(["unsafe_load", "full_load"], "makes objects"),
    **dict.fromkeys(["chmod"], "overrules the user's umask"),
}
SAFE_LOADERS = {"_Loader", "_LOADER", "SafeLoader", "CSafeLoader"}


def faults(text):
    """Return what a module does that it should not, each with its line."""
    tree = ast.parse(text)
    names = _names(tree)
    found = [(line, f"imports {module}") for line, module in _modules(tree) if module in MODULES]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func, names)
        last = name.rpartition(".")[2]
        given = {word.arg: word.value for word in node.keywords}
        reason = CALLS.get(name) or (METHODS.get(last) if "." in name else None)
        if last == "load" and name == "torch.load" and not _is(given.get("weights_only"), True):
            reason = "loads pickle without weights_only=True"
        if last == "load" and name.startswith(("numpy.", "np.")) and "allow_pickle" in given:
            reason = "loads pickle"
        if name == "yaml.load":
            loader = given.get("Loader", node.args[1] if len(node.args) > 1 else None)
            if loader is None or _dotted(loader, names).rpartition(".")[2] not in SAFE_LOADERS:
                reason = "makes objects"
        if "shell" in given and not _is(given["shell"], False):
            reason = "is a shell"
        if last == "NamedTemporaryFile" and "delete" in given:
            reason = "leaves files only we can read"
        if reason:
            found.append((node.lineno, f"{name} {reason}"))
    return found


def _modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module.split(".")[0]


def _names(tree):
    """Return what imported names stand for: sp -> subprocess, load -> torch.load."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def _dotted(node, names):
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def _is(node, value):
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=False)",
        "from torch import load as read\nread(path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "pd.read_pickle(path)",
        "import yaml\nyaml.load(text)",
        "import yaml\nyaml.load(text, yaml.Loader)",
        "import yaml\nyaml.load(text, Loader=yaml.UnsafeLoader)",
        "from yaml import unsafe_load\nunsafe_load(text)",
        "import subprocess as sp\nsp.run(f'rm {name}', shell=True)",
        "import os\nos.system(text)",
        "from os import popen\npopen(text)",
        "eval(text)",
        "archive.extractall(folder)",
        "import shutil\nshutil.unpack_archive(path)",
        "Model.load_from_checkpoint(path)",
        "path.chmod(0o777)",
        "import tempfile\ntempfile.mkstemp()",
    ],
)
def test_each_of_these_would_be_seen(text):
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ntorch.load(path, weights_only=True)",
        "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
        "import yaml\nyaml.safe_load(text)",
        "import subprocess\nsubprocess.run(['git', name], check=True)",
        "network.eval()",
        "json.load(file)",
    ],
)
def test_and_these_are_right(text):
    assert not faults(text)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_our_code_does_none_of_it(path):
    assert not faults(path.read_text(encoding="utf-8"))


def test_rules_hand_nothing_to_a_shell():
    """Only scripts, which get their values as objects, and no line of the workflow's own."""
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(shell|run|wrapper|cwl)\s*:|\bshell\(", text, re.M), path


def test_the_reader_of_yaml_makes_plain_values_only():
    assert issubclass(config_yaml._Loader, yaml.constructor.SafeConstructor)


def test_only_one_module_reads_yaml():
    readers = [path for path in CODE if re.search(r"\byaml\.\w*load", path.read_text("utf-8"))]
    assert [path.name for path in readers] == ["yaml.py"]


@pytest.mark.parametrize(
    "read",
    [
        config_yaml.read_mapping,
        config_yaml.read_rows,
        load_sources,
        lambda path: schema.load_rows(path, schema.Published),
    ],
    ids=["settings and studies", "rows", "sources", "catalogue"],
)
@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/object/new:os.system", "!!python/name:"]
)
def test_yaml_that_asks_for_a_command_is_refused(tmp_path, read, tag):
    path, owned = tmp_path / "a.yaml", tmp_path / "owned"
    path.write_text(f"- {tag} ['touch {owned}']\n")
    with pytest.raises(RestudyError):
        read(path)
    assert not owned.exists()


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_have_the_modes_that_the_user_s_umask_gives(tmp_path, umask):
    program = (
        "import os, sys; from pathlib import Path; "
        "from restudy.common.files import write_atomically; "
        f"os.umask({umask}); write_atomically(Path(sys.argv[1]), b'x')"
    )
    path = tmp_path / "new" / "file"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o777 & ~umask
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"theirs")
    link.symlink_to(target)
    write_atomically(link, b"ours")
    assert target.read_bytes() == b"theirs"
    assert link.read_bytes() == b"ours"
    assert not link.is_symlink()
