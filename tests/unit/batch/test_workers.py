"""Worker processes: what befalls one costs one page, and nothing is left behind."""

import logging
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from worker_readers import StandInMaker

from mdocr.batch.workers import Assignment, WorkerOptions, WorkerPool, read_in_workers
from mdocr.batch.workers.handle import how_it_ended
from mdocr.errors import InputError, MdocrError, MissingExtraError, UsageError, WeightsError
from mdocr.inputs.pages import PageError
from mdocr.options import ParseOptions
from mdocr.parsing.events import ReadDocument, collect
from mdocr.parsing.page_work import ReadPage
from mdocr.parsing.pipeline import DocumentTask

MEMORY = 600 << 20
TWO = WorkerOptions(workers=2, memory=MEMORY)
QUICK = replace(TWO, page_seconds=2)
DEAF = replace(TWO, silent_seconds=3)


def write(folder: Path, *documents: str) -> list[Path]:
    paths = [folder / f"{number}.txt" for number in range(len(documents))]
    for path, text in zip(paths, documents, strict=True):
        path.write_text(text)
    return paths


def read(
    paths: list[Path], options: WorkerOptions = TWO, maker: StandInMaker | None = None
) -> list[ReadDocument]:
    tasks = [DocumentTask(str(path)) for path in paths]
    with WorkerPool(maker or StandInMaker(), options) as pool:
        found = list(collect(read_in_workers(pool, tasks, ParseOptions())))
        pids = pool.pids
    assert not any(psutil.pid_exists(pid) for pid in pids)
    return sorted(found, key=lambda one: one.number)


def texts(document: ReadDocument) -> list[str]:
    return [page.blocks[0].content for page in document.document("").pages]


def test_documents_are_read_whole(tmp_path):
    first, second = read(write(tmp_path, "a\nb\nc", "d"))
    assert texts(first) == ["a", "b", "c"] and texts(second) == ["d"]
    assert not first.failures and first.source.page_count == 3


@pytest.mark.parametrize(
    ("code", "told"), [(-9, "SIGKILL"), (-250, "signal 250"), (3, "code 3"), (None, "code None")]
)
def test_how_a_process_ended_is_told(code, told):
    assert how_it_ended(code).endswith(told)


@pytest.mark.parametrize(
    ("word", "options", "error", "message"),
    [
        ("hang", QUICK, "TimeLimitError", "timeout: it took more than 2 s"),
        ("hang in C", DEAF, "TimeLimitError", "timeout: no sign of life for 3 s"),
        ("crash", TWO, "CrashError", "crashed: its process was ended by SIGSEGV"),
        ("exit", TWO, "CrashError", "crashed: its process ended with code 3"),
        ("swell", TWO, "MemoryLimitError", "out of memory: it took more than 600 MiB"),
        ("refuse", TWO, "InputError", "refused"),
    ],
)
def test_what_befalls_a_page_costs_that_page(tmp_path, word, options, error, message):
    bad, good = read(write(tmp_path, f"a\n{word}\nc", "d\ne"), options)
    assert texts(bad) == ["a", "c"] and texts(good) == ["d", "e"]
    assert [(one.page, one.error, one.message) for one in bad.failures] == [(2, error, message)]
    assert not good.failures and bad.error is None


@pytest.mark.parametrize("word", ["crash", "hang in C"])
def test_what_befalls_who_opens_a_document_costs_that_document(tmp_path, word):
    bad, good = read(write(tmp_path, f"open: {word}\na", "d\ne"), DEAF)
    assert isinstance(bad.error, InputError) and not bad.pages
    assert texts(good) == ["d", "e"]


def test_pages_that_were_lost_with_another_are_read(tmp_path):
    options = WorkerOptions(workers=1, memory=MEMORY, pages_at_once=4)
    (document,) = read(write(tmp_path, "a\ncrash\nc\nd\ne"), options)
    assert texts(document) == ["a", "c", "d", "e"]
    assert [one.page for one in document.failures] == [2]


def test_a_page_that_fails_once_is_read_at_the_second_try(tmp_path):
    (document,) = read(write(tmp_path, "a\ndie once\nc"))
    assert texts(document) == ["a", "die once", "c"] and not document.failures


def test_a_flood_is_dammed(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "mdocr"):
        (document,) = read(write(tmp_path, "flood\nb"))
    assert texts(document) == ["flood", "b"]
    flood = [record.message for record in caplog.records if record.name == "mdocr.flood"]
    assert len(flood) == 50 and flood[0] == "warning 0" and "not shown" in flood[-1]


def test_without_a_model_the_run_ends(tmp_path):
    with pytest.raises(WeightsError, match="no weights") as caught:
        read(write(tmp_path, "a"), maker=StandInMaker(loading="refuse"))
    assert caught.value.hint == "Get some."


def test_workers_that_never_start_end_the_run(tmp_path):
    with pytest.raises(MdocrError, match="die as soon as they are started"):
        read(write(tmp_path, "a\n" * 12), maker=StandInMaker(loading="exit"))


def test_known_pages_are_not_read(tmp_path):
    path = write(tmp_path, "a\ncrash\nc")[0]
    with WorkerPool(StandInMaker(), TWO) as pool:
        (page,) = (
            event.page
            for event in read_in_workers(
                pool, [DocumentTask(str(write(tmp_path, "x")[0]))], ParseOptions()
            )
            if getattr(event, "page", None)
        )
        path.write_text("a\ncrash\nc")
        task = DocumentTask(str(path), lambda source: {2: page})
        (document,) = collect(read_in_workers(pool, [task], ParseOptions()))
    assert len(document.pages) == 3 and not document.failures


def test_what_is_cancelled_frees_its_worker(tmp_path):
    hangs, fine = write(tmp_path, "hang", "a")
    with WorkerPool(StandInMaker(), WorkerOptions(workers=1, memory=MEMORY)) as pool:
        pool.submit(Assignment(0, str(hangs), ParseOptions(), pages=(1,)))
        for _ in range(30):
            assert not list(pool.wait())
        pool.cancel(0)
        pool.submit(Assignment(1, str(fine), ParseOptions(), pages=(1,)))
        answers: list[int] = []
        while not pool.is_idle:
            answers += [number for number, _ in pool.wait()]
    assert answers == [1, 1]  # the page, and that it is done


def test_what_is_cancelled_and_soon_done_costs_no_worker(tmp_path):
    (path,) = write(tmp_path, "a\nb")
    with WorkerPool(StandInMaker(0.5), WorkerOptions(workers=1, memory=MEMORY)) as pool:
        pool.submit(Assignment(0, str(path), ParseOptions(), pages=(1, 2)))
        while not any(isinstance(answer, ReadPage) for _, answer in pool.wait()):
            pass
        (pid,) = pool.pids
        pool.cancel(0)
        pool.submit(Assignment(1, str(path), ParseOptions(), pages=(1,)))
        answers: list[int] = []
        while not pool.is_idle:
            answers += [number for number, _ in pool.wait()]
        assert (answers, pool.pids) == ([1, 1], [pid])


def test_errors_survive_the_way_between_processes():
    for error in (PageError("a.pdf", 3, "why"), MissingExtraError("a", "b", "c")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.hint) == (type(error), str(error), error.hint)
    assert pickle.loads(pickle.dumps(PageError("a.pdf", 3, "why"))).number == 3


@pytest.mark.parametrize("change", [{"workers": 0}, {"page_seconds": 0}, {"memory": 0}])
def test_options_that_make_no_sense(change):
    with pytest.raises(UsageError):
        WorkerOptions(**change)


SUPERVISOR = """
import signal
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from worker_readers import StandInMaker
from mdocr.batch.workers import WorkerOptions, WorkerPool, read_in_workers
from mdocr.options import ParseOptions
from mdocr.parsing.page_work import ReadPage
from mdocr.parsing.pipeline import DocumentTask

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
    with WorkerPool(StandInMaker(), WorkerOptions(workers=2, memory=1 << 30)) as pool:
        tasks = [DocumentTask(path) for path in sys.argv[1:]]
        for event in read_in_workers(pool, tasks, ParseOptions()):
            print(*pool.pids, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_die_with_their_supervisor(tmp_path, number):
    script = tmp_path / "supervisor.py"
    script.write_text(SUPERVISOR.format(tests=str(Path(__file__).parents[2])))
    paths = write(tmp_path, "a\nhang in C", "b\nhang in C")
    command = [sys.executable, str(script), *map(str, paths)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as supervisor:
        pids: set[int] = set()
        for _ in range(4):  # both are open, and their first pages read
            pids |= set(map(int, supervisor.stdout.readline().split()))
        supervisor.send_signal(number)
        supervisor.wait(10)
    end = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(pids) == 2 and not any(psutil.pid_exists(pid) for pid in pids)
