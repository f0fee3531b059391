"""A server under load, with the lite models: see ``python -m tests.stress serve --help``."""

import argparse
import asyncio
import contextlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
WORDS = sorted((SAMPLES / "words").glob("*.png"))
PAGE = SAMPLES / "page.pdf"
ROUTES = {"word": "/v1/recognize", "page": "/v1/parse"}


@dataclass
class Load:
    """What is asked of a server, and what it answered."""

    address: str
    server: psutil.Process
    chance: random.Random
    work: list[tuple[str, Path]]
    half: int = 0
    expected: dict[Path, object] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self, clients: int, leavers: int) -> None:
        """Each file once, for its answer; then all work by so many clients at once."""
        self.half = len(self.work) // 2
        async with self._client() as client:
            for kind, path in sorted(set(self.work)):
                self.expected[path] = text_of(await self._ask(client, kind, path))
            self.seconds.clear()
            leaving = (self._leave() for _ in range(leavers))
            await asyncio.gather(*(self._work() for _ in range(clients)), *leaving)
            while (await client.get("/health")).json()["unread"]:
                await asyncio.sleep(0.2)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, timeout=600, trust_env=False)

    async def _work(self) -> None:
        async with self._client() as client:
            while self.work:
                kind, path = self.work.pop()
                if len(self.work) == self.half:
                    self._kill_worker()
                answer = await self._ask(client, kind, path)
                is_right = answer.is_success and text_of(answer) == self.expected[path]
                self.counts["right" if is_right else f"WRONG: {answer.text[:200]}"] += 1

    async def _ask(self, client: httpx.AsyncClient, kind: str, path: Path) -> httpx.Response:
        """The answer; comes again as long as the queue is full."""
        while True:
            began = time.perf_counter()
            answer = await client.post(ROUTES[kind], files={"file": (path.name, path.read_bytes())})
            if answer.status_code != 429:
                self.seconds[kind].append(time.perf_counter() - began)
                return answer
            self.counts["told to come again"] += 1
            await asyncio.sleep(float(answer.headers["retry-after"]) * self.chance.uniform(1, 2))

    async def _leave(self) -> None:
        """Goes away while its page is read or waits."""
        await asyncio.sleep(self.chance.uniform(0, 3))
        file = {"file": (PAGE.name, PAGE.read_bytes())}
        async with self._client() as client:
            with contextlib.suppress(httpx.ReadTimeout):
                await client.post(ROUTES["page"], files=file, timeout=httpx.Timeout(60, read=1))
        self.counts["went away"] += 1

    def _kill_worker(self) -> None:
        workers = readers_of(self.server)
        if workers:
            self.chance.choice(workers).kill()
            self.counts["workers killed"] += 1


def text_of(answer: httpx.Response) -> object:
    """What was read; not how many seconds it took."""
    record = answer.json()
    if "pages" not in record:
        return record.get("text", record)
    return [block["content"] for page in record["pages"] for block in page["blocks"]]


def readers_of(server: psutil.Process) -> list[psutil.Process]:
    """The worker processes of a server."""
    return [child for child in server.children() if "spawn_main" in " ".join(child.cmdline())]


class Watch(threading.Thread):
    """Looks at the memory and CPU-seconds of a server and its workers, until told to stop."""

    def __init__(self, server: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.own = self.most = 0
        self.cpu: dict[int, float] = {}
        self.stop = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.stop.wait(0.2):
            for process in (self.server, *self.server.children()):
                with contextlib.suppress(psutil.Error):
                    times, size = process.cpu_times(), process.memory_info().rss
                    self.cpu[process.pid] = times.user + times.system
                    self.most = max(self.most, size)
                    self.own = max(self.own, size if process == self.server else 0)


@contextlib.contextmanager
def running(asked: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``mdocr serve`` in a process of its own, and its address."""
    limits = ["--workers", str(asked.workers), "--max-queue", str(asked.queue)]
    command = [sys.executable, "-m", "mdocr", "serve", "--port", "0", *limits, "--timeout", "3600"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if address := re.search(r"http://\S+", line):
                yield process, address[0]
                return
        raise SystemExit("".join(["the server did not start\n", *said]))


def serve(asked: argparse.Namespace) -> int:
    """Many clients, of which some go away; a full queue; a worker that is killed."""
    chance = random.Random(asked.seed)
    words = [("word", WORDS[number % len(WORDS)]) for number in range(asked.words)]
    work = [*words, *[("page", PAGE)] * asked.pages]
    chance.shuffle(work)
    with running(asked) as (process, address):
        server = psutil.Process(process.pid)
        watch = Watch(server)
        load = Load(address, server, chance, list(work))
        began = time.perf_counter()
        asyncio.run(load.run(asked.clients, asked.leavers))
        seconds = time.perf_counter() - began
        watch.stop.set()
        workers = readers_of(server)
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        _, left = psutil.wait_procs(workers, 10)
    print(
        f"{asked.clients} clients, {asked.words} words and {asked.pages} pages, "
        f"{asked.workers} workers, a queue of {asked.queue}: {seconds:.0f} s"
    )
    print("seconds       p50     p95     p99")
    for kind, taken in load.seconds.items():
        print(f"{kind:8}" + "".join(f"{percentile(taken, p):8.2f}" for p in (50, 95, 99)))
    for name, count in sorted(load.counts.items()):
        print(f"{count:6}  {name}")
    print(f"a minute: {60 * len(work) / seconds:.0f} words and pages")
    own = watch.cpu.pop(process.pid)
    print(f"CPU-seconds: {own:.1f} of the server, {sum(watch.cpu.values()):.1f} of its workers")
    print(f"memory: server {watch.own >> 20} MiB, largest process {watch.most >> 20} MiB")
    print(f"ended with {code}, {len(left)} orphans")
    codes = beside(asked)
    is_whole = load.counts["right"] == len(work) and load.counts["workers killed"] == 1
    return 0 if is_whole and (code, *codes) == (0, 0, 0) and not left else 1


def beside(asked: argparse.Namespace) -> list[int]:
    """The same words and pages by the command line, its start included; returns exit codes."""
    workers = ["--workers", str(asked.workers), "--progress", "none"]
    with tempfile.TemporaryDirectory() as name:
        words, pages, out = (Path(name, folder) for folder in ("words", "pages", "out"))
        copies(words, [WORDS[number % len(WORDS)] for number in range(asked.words)])
        copies(pages, [PAGE] * asked.pages)
        results = [
            timed(["recognize", str(words), "-o", f"{name}/words.txt"]),
            timed(["parse", str(pages), "-o", f"{out}/", *workers]),
        ]
    for count, kind, (_, seconds, cpu) in zip(
        (asked.words, asked.pages), ("words", "pages"), results, strict=True
    ):
        print(f"command line: {count} {kind} in {seconds:.1f} s, {cpu:.1f} CPU-seconds")
    taken = sum(seconds for _, seconds, _ in results)
    print(f"a minute: {60 * (asked.words + asked.pages) / taken:.0f} words and pages")
    return [code for code, _, _ in results]


def copies(folder: Path, files: list[Path]) -> None:
    folder.mkdir()
    for number, file in enumerate(files):
        shutil.copy(file, folder / f"{number:05}{file.suffix}")


def timed(arguments: list[str]) -> tuple[int, float, float]:
    """Exit code, seconds, and CPU-seconds of a run and its workers."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "mdocr", *arguments], check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, time.perf_counter() - began, cpu


def percentile(values: list[float], percent: int) -> float:
    """The smallest of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
