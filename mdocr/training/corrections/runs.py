"""Runs to which corrections are added on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mdocr.errors import UsageError
from mdocr.training.corrections.pictures import check_corrections
from mdocr.training.run_files import read_values


def run_values(
    task: str, config: Path | None, overrides: Sequence[str], tables: Sequence[Path]
) -> dict[str, Any]:
    """The unchecked tables of a run, with corrections among its data.

    Args:
        task: ``recognizer`` or ``parser``.
        config: the run; None for the shipped one for corrections.
        overrides: see ``run_files.load_config``.
        tables: CSVs of corrections, or folders with ``labels.tsv``.

    Raises:
        UsageError: there is neither a run nor a correction; or see ``run_files.read_values``.
        InputError: one of them cannot be read.
    """
    if config is None and not tables:
        raise UsageError("a run is missing", "Name one with --config, or give --corrections FILE.")
    values = read_values(config or Path(f"{task}-corrections"), overrides)
    if not tables:
        return values
    for table in tables:
        check_corrections(table)  # refused before the run is begun
    data = values.setdefault("data", {})
    if not isinstance(data, dict):
        raise UsageError("data must be a table", "Begin it with a line [data].")
    if task == "parser":
        data["corrections"] = [*data.get("corrections", []), *map(str, tables)]
    else:
        sources = data.get("sources", [{"kind": "synthesis"}])
        data["sources"] = [*sources, *({"kind": "corrections", "path": str(t)} for t in tables)]
    return values
