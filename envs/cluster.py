"""A Slurm cluster of one node, to try the Slurm profile on: ``python -m envs.cluster up | down``.

It is made of Debian's packages (``slurmctld slurmd slurm-client munge postgresql``) and needs root.
Everything it writes is in one folder, but for /etc/slurm/slurm.conf: Snakemake's Slurm plugin hands
a job step no SLURM_CONF, so Slurm's programs must find the file in its usual place. A file that
somebody else wrote there is never touched.

Beside Slurm there is an MLflow server on a PostgreSQL database, both for this machine alone, since
the nodes of a cluster cannot share an SQLite file. Nothing is kept: ``down`` stops what ``up`` has
started, and removes the folder.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

FOLDER = Path("/tmp/restudy-cluster")  # noqa: S108 (made anew, or refused)
CONF = Path("/etc/slurm/slurm.conf")
MARK = "# Written by envs/cluster.py, for a throwaway cluster; its `down` removes this file."
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge", "postgresql")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scancel")
PLUGIN = "snakemake_executor_plugin_slurm"
MLFLOW_PORT = 5055
MLFLOW = f"http://127.0.0.1:{MLFLOW_PORT}"
_PATIENCE = 120.0
"""Seconds that a server has to answer."""


class ClusterError(Exception):
    """The cluster cannot be set up; the message says why, and what to do."""


def missing() -> str | None:
    """Return why there can be no cluster on this machine; None if there can be one."""
    if os.geteuid() != 0:
        return "a test cluster needs root"
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    if programs or postgres_programs() is None:
        lacking = ", ".join(programs) or "PostgreSQL"
        return f"not installed: {lacking} (apt-get install {' '.join(PACKAGES)})"
    modules = [name for name in (PLUGIN, "psycopg2") if find_spec(name) is None]
    if modules:
        return f"not installed: {', '.join(modules)} (pip install -r envs/slurm.lock)"
    if CONF.exists() and not is_ours(CONF):
        return f"{CONF} is that of another cluster"
    return None


def postgres_programs() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``, which Debian keeps out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def is_ours(conf: Path) -> bool:
    """Whether a slurm.conf was written here."""
    return conf.read_text(encoding="utf-8", errors="replace").startswith(MARK)


def slurm_conf(folder: Path, host: str, cpus: int, megabytes: int) -> str:
    """Return the text of slurm.conf.

    Args:
        folder: where the cluster keeps its files.
        host: short name of this machine.
        cpus: how many it has.
        megabytes: how much of its memory jobs may have.
    """
    return f"""{MARK}
ClusterName=restudy
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# Processes are followed by their parents: a container or virtual machine may have no cgroups.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# No accounting database. What is over stays in the controller's memory for MinJobAge seconds, where
# `squeue` finds it: the plugin wants three times the seconds between its looks at least.
AccountingStorageType=accounting_storage/none
MinJobAge=600
# A job that takes more memory than it asked for is killed, as a real cluster does.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
JobAcctGatherParams=OverMemoryKill
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={megabytes} State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def up(folder: Path) -> None:
    """Set the cluster up: munge, Slurm, PostgreSQL, MLflow.

    Raises:
        ClusterError: it cannot be had here, or a part does not start.
    """
    if problem := missing():
        raise ClusterError(problem)
    if folder.exists():
        raise ClusterError(f"{folder} is there already: `python -m envs.cluster down` first")
    folder.mkdir(mode=0o755, parents=True)
    try:
        _start_munge(folder)
        _start_slurm(folder)
        _start_postgres(folder)
        _start_mlflow(folder)
    except BaseException:
        down(folder, keep=True)
        raise


def down(folder: Path, *, keep: bool = False) -> None:
    """Stop whatever of the cluster runs, and remove its files.

    Args:
        folder: where the cluster keeps its files.
        keep: leave the folder, whose logs may say what went wrong.
    """
    ours = CONF.exists() and is_ours(CONF) and f"={folder}/state\n" in CONF.read_text("utf-8")
    if ours and _runs(folder, "slurmctld"):
        subprocess.run(["scancel", "--partition=test"], check=False, timeout=60)  # noqa: S607
        _wait(lambda: not _output("squeue", "--noheader"), "jobs end", 30, needed=False)
    for name in ("mlflow", "postgres", "slurmd", "slurmctld", "munged"):
        _stop(folder, name)
    if ours:
        CONF.unlink()
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def _start_munge(folder: Path) -> None:
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munged.pid"}
    files |= {"log-file": folder / "munged.log", "seed-file": folder / "munge.seed"}
    _run(["munged", *(f"--{option}={path}" for option, path in files.items())])


def _start_slurm(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    host = socket.gethostname().partition(".")[0]
    CONF.parent.mkdir(parents=True, exist_ok=True)
    conf = slurm_conf(folder, host, os.cpu_count() or 1, int(memory * 0.9))
    CONF.write_text(conf, encoding="utf-8")
    _run(["slurmctld"])
    _run(["slurmd"])
    _wait(lambda: "idle" in _output("sinfo", "--noheader", "--format=%T"), "the node is idle")


def _start_postgres(folder: Path) -> None:
    programs = postgres_programs()
    assert programs is not None  # noqa: S101 (see missing)
    user, data, sockets = pwd.getpwnam("postgres"), folder / "postgres", folder / "sql"
    for path in (data, sockets):
        path.mkdir(mode=0o700)
        os.chown(path, user.pw_uid, user.pw_gid)
    # It refuses to run as root.
    own: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid}
    initdb = [str(programs / "initdb"), f"--pgdata={data}", "--auth=trust", "--encoding=UTF8"]
    _run([*initdb, "--no-sync"], **own)
    server = [str(programs / "postgres"), "-D", str(data), "-k", str(sockets)]
    _start(folder, "postgres", [*server, "-c", "listen_addresses=", "-c", "fsync=off"], **own)
    client = [f"--host={sockets}", "--username=postgres"]
    ready = [str(programs / "pg_isready"), "--quiet", *client]
    _wait(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL answers")  # noqa: S603
    _run([str(programs / "createdb"), *client, "mlflow"], **own)


def _start_mlflow(folder: Path) -> None:
    store = f"postgresql+psycopg2://postgres@/mlflow?host={folder}/sql"
    mlflow = [sys.executable, "-m", "mlflow"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    options: dict[str, Any] = {"env": os.environ | quiet}
    # By one process, before there are several.
    _run([*mlflow, "db", "upgrade", store], **options)
    server = [*mlflow, "server", "--backend-store-uri", store, "--workers=2"]
    server += ["--artifacts-destination", str(folder / "artifacts")]
    _start(folder, "mlflow", [*server, "--host=127.0.0.1", f"--port={MLFLOW_PORT}"], **options)
    _wait(_mlflow_answers, "MLflow answers")


def _mlflow_answers() -> bool:
    try:
        with urlopen(f"{MLFLOW}/health", timeout=5) as answer:  # noqa: S310 (this machine's)
            return bool(answer.status == 200)
    except OSError:
        return False


def _run(command: Sequence[str], **options: Any) -> None:
    """Run a program to its end.

    Raises:
        ClusterError: it failed; with what it printed.
    """
    done = subprocess.run(  # noqa: S603
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_PATIENCE,
        **options,
    )
    if done.returncode:
        raise ClusterError(f"{shlex.join(command)}: {done.stdout.strip()}")


def _start(folder: Path, name: str, command: Sequence[str], **options: Any) -> None:
    """Start a server that stays in the foreground, in a session of its own; note its process."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
    (folder / f"{name}.pid").write_text(f"{process.pid}\n", encoding="utf-8")


def _stop(folder: Path, name: str) -> None:
    """Stop a server; kill it if it does not listen."""
    # PostgreSQL waits for its clients after SIGTERM.
    first = signal.SIGINT if name == "postgres" else signal.SIGTERM
    for sign in (first, signal.SIGKILL):
        if not _runs(folder, name):
            return
        pid = _pid(folder, name)
        # One that leads a group takes its workers with it.
        (os.killpg if os.getpgid(pid) == pid else os.kill)(pid, sign)
        _wait(lambda: not _runs(folder, name), f"{name} ends", 20, needed=False)


def _pid(folder: Path, name: str) -> int:
    """Return the number of a server's process, by its file; 0 if there is none."""
    try:
        return int((folder / f"{name}.pid").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def _runs(folder: Path, name: str) -> bool:
    """Whether a server runs. A number may be another process's by now: its command is looked at."""
    process = Path(f"/proc/{_pid(folder, name)}")
    try:
        command = (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    # That of a process which has ended, and is waited for, is empty.
    return name in command


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    return done.stdout.strip()


def _wait(
    condition: Callable[[], bool], what: str, seconds: float = _PATIENCE, *, needed: bool = True
) -> None:
    """Wait until a condition holds.

    Raises:
        ClusterError: that takes too long, and it is needed.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            if needed:
                raise ClusterError(f"it takes more than {seconds:g} s until {what}")
            return
        time.sleep(0.2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the status."""
    parser = argparse.ArgumentParser(prog="python -m envs.cluster", description=__doc__)
    parser.add_argument("do", choices=["check", "up", "down"])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it keeps its files")
    given = parser.parse_args(arguments)
    if given.do == "check":
        problem = missing()
        print(problem or "A test cluster can be set up here.")
        return 1 if problem else 0
    if given.do == "down":
        down(given.folder)
        return 0
    try:
        up(given.folder)
    except ClusterError as error:
        print(f"error: {error}; logs: {given.folder}", file=sys.stderr)
        return 1
    print(f"The cluster is up. Its MLflow server:\n  export MLFLOW_TRACKING_URI={MLFLOW}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
