"""Style and scripts of the report and of what is made like it."""

from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets/report"


def asset(name: str) -> str:
    """One of the files in ``mdocr/assets/report``."""
    return (ASSETS / name).read_text("utf-8")
