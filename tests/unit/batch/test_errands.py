"""What is made from a document's file once its pages are read, and what may befall who makes it."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hostile import nested_forms
from PIL import Image
from stand_in_runs import records, run_by
from worker_readers import SECOND_LOOKS, StandInMaker

from mdocr.batch.review import Review
from mdocr.batch.selection import Selection
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.document.formats import FORMATS

OPTIONS = WorkerOptions(workers=2, memory=600 << 20)
QUICK = replace(OPTIONS, page_seconds=2)
DEAF = replace(OPTIONS, silent_seconds=3)


@pytest.fixture(autouse=True)
def second_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, form in SECOND_LOOKS.items():
        monkeypatch.setitem(FORMATS, name, form)


def start(options: WorkerOptions) -> partial[WorkerPool]:
    return partial(WorkerPool, StandInMaker(), options)


def write(folder: Path, **texts: str) -> list[Path]:
    for name, text in texts.items():
        (folder / f"{name}.doc").write_text(text)
    return [folder / f"{name}.doc" for name in texts]


def test_a_worker_makes_what_needs_the_file(tmp_path):
    paths, out = write(tmp_path, a="one\ntwo", b="three"), tmp_path / "out"
    run_by(start(OPTIONS), paths, out, forms=("md", "again")).end()
    process, *lines = (out / "a.again").read_text().splitlines()
    assert lines == ["one", "two"] and int(process) != os.getpid()
    assert (out / "b.again").exists() and records(out)["b"]["state"] == "done"


@pytest.mark.parametrize(
    ("word", "options", "message"),
    [
        ("hang", QUICK, "again: timeout: it took more than 4 s"),
        ("hang in C", DEAF, "again: timeout: no sign of life for 3 s"),
        ("crash", OPTIONS, "again: crashed: its process was ended by SIGSEGV"),
        ("swell", OPTIONS, "again: out of memory: it took more than 600 MiB"),
    ],
)
def test_what_befalls_who_makes_it_costs_one_file(tmp_path, word, options, message):
    """Its clock is that of all pages of the document: of two."""
    paths, out = write(tmp_path, a="one", b=f"two\nagain: {word}", c="three"), tmp_path / "out"
    tally = run_by(start(options), paths, out, forms=("md", "again"))
    assert tally.failures == 1
    found = records(out)
    assert {name: found[name]["state"] for name in found} == {
        "a": "done",
        "b": "partial",
        "c": "done",
    }
    assert [failure["message"] for failure in found["b"]["failures"]] == [message]
    assert sorted(path.name for path in out.glob("*.again")) == ["a.again", "c.again"]
    assert (out / "b.md").read_text().startswith("two")


def test_what_befell_once_is_made_at_the_second_try(tmp_path):
    paths, out = write(tmp_path, a="one\nagain: die once"), tmp_path / "out"
    run_by(start(OPTIONS), paths, out, forms=("again",)).end()
    assert (out / "a.again").exists()


def test_a_document_of_which_no_file_was_made_has_failed_and_is_tried_again(tmp_path):
    paths, out = write(tmp_path, a="one\nagain: crash", b="two"), tmp_path / "out"
    run_by(start(OPTIONS), paths, out, forms=("again",))
    assert records(out)["a"]["state"] == "failed" and not (out / "a.again").exists()
    paths[0].write_text("one\nagain: mended")
    run_by(
        start(OPTIONS), paths, out, selection=Selection(retry_failed=True), forms=("again",)
    ).end()
    assert records(out)["a"]["state"] == "done" and (out / "a.again").exists()


def test_a_document_that_cannot_be_opened_is_asked_for_nothing_more(tmp_path):
    paths, out = write(tmp_path, a="open: refuse", b="two"), tmp_path / "out"
    paths[0].write_text("")
    run_by(start(OPTIONS), paths, out, forms=("again",))
    assert records(out)["a"]["state"] == "failed" and (out / "b.again").exists()


def test_a_format_that_can_do_without_the_file_is_written(tmp_path):
    paths, out = write(tmp_path, a="one\nagain: crash", b="two"), tmp_path / "out"
    tally = run_by(start(OPTIONS), paths, out, forms=("shown",))
    assert tally.failures == 1 and records(out)["a"]["state"] == "partial"
    assert (out / "a.shown").read_text() == "without the file"
    assert (out / "b.shown").read_text().endswith("two")


def test_a_review_does_without_pictures_of_a_file_that_hangs_who_renders_it(tmp_path):
    paths = [nested_forms(tmp_path / "bad.pdf"), tmp_path / "good.png"]
    Image.new("RGB", (200, 100), "white").save(paths[1])
    out, review = tmp_path / "out", Review(tmp_path / "review", 1.0)
    run_by(start(DEAF), paths, out, review=review)
    (failure,) = records(out)["bad"]["failures"]
    assert failure["message"] == "review: timeout: no sign of life for 3 s"
    shown = {Path(row.source).name for row in review.rows if row.picture}
    assert shown == {"good.png"} and {Path(row.source).name for row in review.rows} > shown
