"""Runs of page models: MinerU-Diffusion with ``data.manifest``, else the line reader."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mdocr.training.line_reader.trainer import LineReaderRun, train_line_reader
from mdocr.training.mineru_diffusion.trainer import MinerUDiffusionRun, train_mineru_diffusion
from mdocr.training.processes import Processes
from mdocr.training.run_files import fill, read_values

ParserRun = MinerUDiffusionRun | LineReaderRun


def load_parser_run(path: Path, overrides: Sequence[str]) -> ParserRun:
    """Reads a run of either model; arguments and errors as of ``run_files.load_config``."""
    return parser_run(read_values(path, overrides))


def parser_run(values: dict[str, Any]) -> ParserRun:
    """A run of either model from its unchecked tables; errors as of ``run_files.fill``."""
    data = values.get("data")
    has_manifest = isinstance(data, dict) and "manifest" in data
    return fill(values, MinerUDiffusionRun) if has_manifest else fill(values, LineReaderRun)


def train_parser(run: ParserRun, processes: Processes, resume: bool) -> Path:
    """Trains a page model; returns the exported folder. Errors: see ``loop.train``."""
    if isinstance(run, MinerUDiffusionRun):
        return train_mineru_diffusion(run, processes, resume)
    return train_line_reader(run, processes, resume)
