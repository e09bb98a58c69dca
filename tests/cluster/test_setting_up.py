"""The test cluster's script, as far as no Slurm is needed."""

import re

import pytest

from envs import cluster


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """A place for slurm.conf that is not the machine's."""
    path = tmp_path / "etc/slurm.conf"
    path.parent.mkdir()
    monkeypatch.setattr(cluster, "CONF", path)
    return path


def test_slurm_conf_has_what_the_plugin_needs(tmp_path):
    text = cluster.slurm_conf(tmp_path, "node", 2, 4000)
    keys = dict(re.findall(r"^(\w+)=(\S+)", re.sub(r"^#.*\n", "", text, flags=re.M), re.MULTILINE))
    assert text.startswith(cluster.MARK)
    assert keys["AccountingStorageType"] == "accounting_storage/none"
    # squeue has to know a job that ended for three of the plugin's looks, 40 s apart at most.
    assert int(keys["MinJobAge"]) >= 3 * 40
    assert "NodeName=node NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000" in text
    own = [value for key, value in keys.items() if key.endswith(("File", "Location", "Dir"))]
    assert len(own) == 6
    assert all(value.startswith(f"{tmp_path}/") for value in own)


def test_what_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 1000)
    assert cluster.missing() == "a test cluster needs root"
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 0)
    monkeypatch.setattr(cluster, "PROGRAMS", ("no-such-program",))
    assert cluster.missing().startswith("not installed: no-such-program (apt-get install slurm")


def test_the_slurm_conf_of_another_cluster_is_left_alone(conf, tmp_path, monkeypatch, capsys):
    conf.write_text("ClusterName=production\n")
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 0)
    monkeypatch.setattr(cluster, "PROGRAMS", ())
    monkeypatch.setattr(cluster, "postgres_programs", lambda: tmp_path)
    monkeypatch.setattr(cluster, "find_spec", lambda name: name)
    folder = tmp_path / "cluster"
    assert cluster.main(["up", "--folder", str(folder)]) == 1
    assert f"{conf} is that of another cluster" in capsys.readouterr().err
    assert cluster.main(["down", "--folder", str(folder)]) == 0
    assert conf.read_text() == "ClusterName=production\n"


def test_taking_down_what_is_not_there_does_nothing(conf, tmp_path):
    cluster.down(tmp_path / "cluster")
    assert not conf.exists()


def test_a_number_that_another_process_has_by_now_is_not_stopped(conf, tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    # This test's own: it goes on.
    (folder / "slurmctld.pid").write_text(f"{cluster.os.getpid()}\n")
    cluster.down(folder)
    assert not folder.exists()
