"""The wall time of one page beside busy processes.

python docs/benchmarks/busy.py [PAGE] [--beside 0,2,4] [--repeat 3]

Prints a Markdown table: the median and the fastest wall time of ``mdocr parse PAGE``, start
included, and its CPU-seconds. The other processes add numbers, at the same priority. Measure on a
machine that does nothing else.
"""

import resource
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

SAMPLE = Path(__file__).parents[1] / "samples" / "page.png"
COUNT = "while True: sum(range(10**6))"


def main(
    page: Annotated[Path, typer.Argument(help="A picture or a PDF.")] = SAMPLE,
    beside: Annotated[str, typer.Option(help="Numbers of busy processes.")] = "0,2,4",
    repeat: Annotated[int, typer.Option(help="Runs, after one that warms the caches.")] = 3,
) -> None:
    """Times one page beside so many processes that are always busy."""
    _seconds(page)
    print("| busy processes | median s | fastest s | CPU-s |\n|---|---|---|---|")
    for number in map(int, beside.split(",")):
        with ExitStack() as stack:
            for _ in range(number):
                busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", COUNT]))
                stack.callback(busy.kill)
            times = [_seconds(page) for _ in range(repeat)]
        wall, cpu = zip(*times, strict=True)
        print(f"| {number} | {statistics.median(wall):.2f} | {min(wall):.2f} | {min(cpu):.2f} |")


def _seconds(page: Path) -> tuple[float, float]:
    """Wall and CPU seconds of reading a page by a new process."""
    begin, before = time.perf_counter(), _used()
    command = [sys.executable, "-m", "mdocr", "parse", str(page), "--workers", "0"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin, _used() - before


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


if __name__ == "__main__":
    typer.run(main)
