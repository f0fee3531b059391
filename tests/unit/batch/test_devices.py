"""Workers and actors have a device each; there is none here, so that CUDA and Ray are stand-ins."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from stand_in_runs import run_by
from worker_readers import StandInMaker

from mdocr.batch.display import Display
from mdocr.batch.workers import Assignment, WorkerOptions, WorkerPool, devices
from mdocr.batch.workers.messages import Done
from mdocr.cli import corpus
from mdocr.errors import DeviceError
from mdocr.options import ParseOptions
from mdocr.parsing.page_work import ReadPage


@pytest.mark.parametrize(
    ("device", "count", "variable", "found"),
    [
        ("auto", 2, None, ("0", "1")),
        ("cuda", 2, "3, GPU-8f", ("3", "GPU-8f")),
        ("cuda", 1, "5,9", ("5",)),  # CUDA stops at a name that it does not know
        ("auto", 0, "", ()),
        ("cuda:1", 2, None, ()),
        ("cpu", 2, None, ()),
    ],
)
def test_the_devices_that_are_shared_out(monkeypatch, device, count, variable, found):
    cuda = SimpleNamespace(is_available=lambda: count > 0, device_count=lambda: count)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(devices, "has_torch", lambda: True)
    monkeypatch.delenv(devices.VISIBLE, raising=False)
    if variable is not None:
        monkeypatch.setenv(devices.VISIBLE, variable)
    assert devices.visible_devices(device) == found


def test_workers_see_one_device_each_and_who_replaces_one_sees_the_same(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("device\ndie once\ndevice")
    options = WorkerOptions(workers=2, memory=1 << 30, devices=("3", "GPU-8f"))
    seen: dict[int, list[str]] = {0: [], 1: []}
    with WorkerPool(StandInMaker(), options) as pool:
        for number, name in enumerate("ab"):
            path = str(tmp_path / name)
            pool.submit(Assignment(number, path, ParseOptions(), (1, 2, 3)))
        left = 4  # the second page of each is lost, and what is left of both is tried once more
        while left:
            for number, answer in pool.wait():
                left -= isinstance(answer, Done)
                if isinstance(answer, ReadPage) and answer.page:
                    seen[number].append(answer.page.blocks[0].content)
        assert sorted(worker.device for worker in pool._workers) == ["3", "GPU-8f"]
    for texts in seen.values():
        assert sorted(set(texts) - {"die once"}) in (["3"], ["GPU-8f"], ["3", "GPU-8f"])
    assert {texts[0] for texts in seen.values()} == {"3", "GPU-8f"}


@pytest.mark.parametrize(("found", "pages"), [((), 1), (("0", "1"), corpus.TOGETHER)])
def test_workers_with_a_gpu_read_pages_together(monkeypatch, found, pages):
    monkeypatch.setattr(corpus, "visible_devices", lambda device: found)
    limits = corpus.worker_options(300, None, 2, "auto")
    assert (limits.devices, limits.pages_at_once) == (found, pages)


def test_the_device_that_is_used_least_is_taken():
    assert [devices.least_used("ab", taken) for taken in ("", "a", "ab", "aab")] == list("abab")
    assert devices.least_used((), ()) == ""


class Ray(ModuleType):
    """What ``mdocr.batch.cluster`` uses of Ray; work is done when its result is asked for."""

    needs: ClassVar[list[dict[str, float]]] = []

    def __init__(self, resources: dict[str, float]) -> None:
        super().__init__("ray")
        self.cluster_resources = lambda: resources
        self.init = self.kill = self.shutdown = lambda *given, **settings: None

    def remote(self, kind: type) -> Any:
        def options(**needs: float) -> Any:
            def make(*given: Any) -> Any:
                self.needs.append(needs)
                actor = kind(*given)
                steps = {name: partial_of(getattr(actor, name)) for name in ("load", "read")}
                return SimpleNamespace(**steps)

            return SimpleNamespace(remote=make)

        return SimpleNamespace(options=options)

    def wait(self, references: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return references, []

    def get(self, reference: Callable[[], Any]) -> Any:
        return reference()


def partial_of(method: Callable[..., Any]) -> Any:
    return SimpleNamespace(remote=lambda *given: lambda: method(*given))


@pytest.fixture
def pool_on(monkeypatch) -> Callable[..., Any]:
    """Makes pools on a cluster with so much of each resource."""

    def make(resources: dict[str, float], workers: int | None, device: str = "auto") -> Any:
        ray = Ray(resources)
        exceptions = ModuleType("ray.exceptions")
        exceptions.RayError = RuntimeError  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ray", ray)
        monkeypatch.setitem(sys.modules, "ray.exceptions", exceptions)
        monkeypatch.delitem(sys.modules, "mdocr.batch.cluster", raising=False)
        cluster = importlib.import_module("mdocr.batch.cluster")
        monkeypatch.delitem(sys.modules, "mdocr.batch.cluster")
        return cluster.RayPool("ray", StandInMaker(), WorkerOptions(), workers, device)

    return make


@pytest.mark.parametrize(
    ("resources", "workers", "device", "needs"),
    [
        ({"CPU": 3}, None, "auto", [0] * 3),
        ({"CPU": 8, "GPU": 2}, None, "auto", [1] * 2),
        ({"CPU": 8, "GPU": 2}, 4, "cuda", [0.5] * 4),
        ({"CPU": 8, "GPU": 4}, 2, "cuda", [1] * 2),
        ({"CPU": 2, "GPU": 4}, None, "cpu", [0] * 2),
    ],
)
def test_actors_take_a_gpu_or_a_core_each(
    pool_on, tmp_path: Path, resources, workers, device, needs
):
    paths = [tmp_path / f"{number}.doc" for number in range(12)]
    for path in paths:
        path.write_text("one\ntwo")
    Ray.needs.clear()
    pool = pool_on(resources, workers, device)
    tally = run_by(lambda: pool, paths, tmp_path / "out")
    assert tally.read == 24 and not tally.failures
    assert [each["num_gpus"] for each in Ray.needs] == needs


def test_machines_that_join_are_used(pool_on, tmp_path: Path):
    paths = [tmp_path / f"{number}.doc" for number in range(8)]
    for path in paths:
        path.write_text("one\ntwo")
    Ray.needs.clear()
    resources = {"CPU": 1.0}
    pool = pool_on(resources, None)
    pool.look_seconds = 0.0
    join = Display(end=lambda record: resources.update(CPU=3.0))
    assert run_by(lambda: pool, paths, tmp_path / "out", join).read == 16
    assert len(Ray.needs) == 3


def test_gpus_that_a_cluster_does_not_have_are_told(pool_on):
    with pytest.raises(DeviceError, match="the cluster has no GPUs"):
        pool_on({"CPU": 8}, None, "cuda").__enter__()
