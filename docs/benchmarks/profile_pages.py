"""Where the CPU-seconds of pages go, with one thread.

    python docs/benchmarks/profile_pages.py PAGE... [--model lite]

Prints a JSON object: seconds of each part for a page, the mean of all, after a first page that is
not counted. Parts do not overlap; threads of the process are counted together.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import mdocr.parsing.line_reader.views as views
from mdocr import load_parser
from mdocr.engines.onnx_line_reader import OnnxLineReaderEngine
from mdocr.engines.onnx_pages import OnnxBlocks
from mdocr.inputs.pages import Pages

PARTS: dict[str, tuple[Any, str]] = {
    "opening and rendering": (Pages, "__next__"),
    "layout": (views, "analyse"),
    "encoder": (OnnxLineReaderEngine, "encode_lines"),
    "block diffusion": (OnnxBlocks, "__call__"),
}
REST = "pictures of lines, CTC, all else"


def main() -> None:
    """Reads the pages, one after another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--model", default="lite")
    options = parser.parse_args()
    reader = load_parser(options.model, "cpu", engine="onnx")
    reader.parse(options.pages[0])
    seconds = dict.fromkeys(PARTS, 0.0)
    for name, (owner, function) in PARTS.items():
        setattr(owner, function, _timed(getattr(owner, function), seconds, name))
    begin = time.process_time()
    for page in options.pages:
        reader.parse(page)
    seconds[REST] = time.process_time() - begin - sum(seconds.values())
    print(json.dumps({name: value / len(options.pages) for name, value in seconds.items()}))


def _timed(
    function: Callable[..., Any], seconds: dict[str, float], name: str
) -> Callable[..., Any]:
    @wraps(function)
    def timed(*given: Any, **named: Any) -> Any:
        begin = time.thread_time()
        try:
            return function(*given, **named)
        finally:
            seconds[name] += time.thread_time() - begin

    return timed


if __name__ == "__main__":
    main()
