"""How many workers a run starts by itself."""

import pytest
from bombs import jpeg

from mdocr.batch import plan
from mdocr.batch.page_model import ModelChoice
from mdocr.batch.plan import automatic_workers

CPU = ModelChoice(device="cpu")


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine of four cores with room for all."""
    monkeypatch.setattr(plan, "core_count", lambda: 4)
    monkeypatch.setattr(plan, "ROOM", 1)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (jpeg(1000), 0),
        (jpeg(8000), 1),  # 64 million pixels, as far as its head tells
        (b"%PDF-1.7", 1),  # however it is named
        (b"no picture", 0),
    ],
)
def test_what_may_hang_or_swell_is_read_by_a_worker(tmp_path, content, count):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert automatic_workers([str(path)], CPU, to_folder=False) == count


def test_what_comes_through_a_pipe_is_taken_for_a_pdf():
    assert automatic_workers(["-"], CPU, to_folder=False) == 1
    assert automatic_workers(["-", "a.png"], CPU, to_folder=True) == 2


def test_many_documents_have_all_cores_and_a_server_needs_none():
    many = [f"{number}.png" for number in range(9)]
    assert automatic_workers(many, CPU, to_folder=True) == 4
    server = ModelChoice(device="cpu", server="http://localhost")
    assert automatic_workers(many, server, to_folder=True) == 0
