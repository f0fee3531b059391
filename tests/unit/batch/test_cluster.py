"""Documents read by the actors of a Ray cluster, of which a node is lost."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from stand_in_runs import run
from typer.testing import CliRunner
from worker_readers import StandInMaker

from mdocr.batch.workers import Assignment, WorkerOptions
from mdocr.batch.workers.messages import Found
from mdocr.cli.main import app
from mdocr.document.model import Source
from mdocr.errors import DeviceError, InputError
from mdocr.options import ParseOptions
from mdocr.parsing.page_work import failed

CLUSTER = """
import json, subprocess, sys, time
from pathlib import Path

from ray.cluster_utils import Cluster

folder, kind, port = Path(sys.argv[1]), *sys.argv[2:]
small = {"num_cpus": 1, "object_store_memory": 80 << 20}
head = {**small, "include_dashboard": False, "ray_client_server_port": int(port)}
cluster = Cluster(initialize_head=True, head_node_args=head)
node = cluster.add_node(**small)
address = cluster.address if kind == "ray" else f"ray://127.0.0.1:{port}"
run = subprocess.Popen([sys.executable, "run.py", address], cwd=folder)
manifest = folder / "far" / "mdocr.jsonl"
while run.poll() is None and (not manifest.exists() or manifest.read_text().count("state") < 3):
    time.sleep(0.1)
cluster.remove_node(node, allow_graceful=False)
code = run.wait()
cluster.shutdown()
sys.exit(code)
"""
"""Nodes on this machine, of which one is killed while a run goes on."""

RUN = """
import sys
from functools import partial
from pathlib import Path

from stand_in_runs import run_by
from worker_readers import SECOND_LOOKS, StandInMaker
from mdocr.batch.cluster import RayPool
from mdocr.batch.workers import WorkerOptions
from mdocr.document.formats import FORMATS

start = partial(RayPool, sys.argv[1], StandInMaker(0.2), WorkerOptions(memory=1 << 30))
FORMATS.update(SECOND_LOOKS)
run_by(start, sorted(Path().glob("*.doc")), Path("far"), forms=("md", "again"))
"""
"""The run, whose paths start in its own folder, where no node was started."""


def written(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("*.md")}


def states(out: Path) -> dict[str, tuple[str, list[str]]]:
    records = map(json.loads, (out / "mdocr.jsonl").read_text().splitlines())
    return {
        record["name"]: (record["state"], [one["error"] for one in record["failures"]])
        for record in records
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("kind", ["ray", "ray://"])
def test_a_lost_node_costs_nothing_and_a_crash_its_page(tmp_path, monkeypatch, kind):
    pytest.importorskip("ray")
    for number in range(8):
        lines = (f"page {page} of {number}" for page in range(3))
        (tmp_path / f"{number}.doc").write_text("\n".join(lines))
    (tmp_path / "5.doc").write_text("one\ncrash\nthree")
    (tmp_path / "run.py").write_text(RUN)
    paths = os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parents[3])))
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER, str(tmp_path), kind, str(free_port())],
        env={**os.environ, "PYTHONPATH": paths, "RAY_worker_niceness": "0"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    run(sorted(Path().glob("*.doc")), Path("near"))
    assert written(tmp_path / "far") == written(tmp_path / "near")
    assert states(tmp_path / "far") == states(tmp_path / "near")
    assert states(tmp_path / "far")["5"] == ("partial", ["CrashError"])
    assert len(list((tmp_path / "far").glob("*.again"))) == 8  # made by actors from the files


def test_a_cluster_that_is_lost_is_named(monkeypatch):
    ray = pytest.importorskip("ray")
    from mdocr.batch.cluster import RayPool

    def lost() -> dict[str, float]:
        raise ConnectionError("Traceback ...\nclient is not connected")

    monkeypatch.setattr(ray, "cluster_resources", lost)
    pool = RayPool("ray", StandInMaker(), WorkerOptions())
    with pytest.raises(DeviceError, match="the cluster is lost: client is not connected") as error:
        list(pool.wait())
    assert "run the same command" in error.value.hint


def test_what_is_left_of_an_assignment_is_tried_page_by_page():
    assignment = Assignment(7, "a.pdf", ParseOptions(), pages=(2, 3, 4))
    page = failed((7, 3), InputError("no"))
    assert assignment.unreported([page]) == [2, 4]
    assert [one.pages for one in assignment.once_more([2, 4])] == [(2,), (4,)]
    assert all(one.again and one.number == 7 for one in assignment.once_more([2, 4]))
    opening = Assignment(7, "a.pdf", ParseOptions())
    assert opening.unreported([]) == [0]
    assert opening.unreported([Found(Source("a.pdf"), (1,), (0, 0))]) == []
    assert [one.pages for one in opening.once_more([0])] == [()]
    assert assignment.unreported([failed((7, 0), InputError("changed"))]) == []


@pytest.mark.parametrize(
    ("document", "cluster", "message"),
    [
        ("a.pdf", "spark", "'spark' is no cluster"),
        ("memory://a.pdf", "ray", "files that all its machines see"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused(tmp_path, monkeypatch, document, cluster, message):
    monkeypatch.chdir(tmp_path)
    Path("a.pdf").touch()
    done = CliRunner().invoke(app, ["parse", document, "-o", "out/", "--cluster", cluster])
    assert done.exit_code == 2
    assert message in done.stderr
