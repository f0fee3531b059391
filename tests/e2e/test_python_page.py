"""The examples of docs/python.md run, one after another, as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "samples", tmp_path / "docs" / "samples")
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.M | re.S)
    assert len(examples) > 8
    (tmp_path / "examples.py").write_text("\n".join(examples), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "examples.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "The Chemical History of a Candle" in done.stdout
    assert (tmp_path / "out.md").is_file() and (tmp_path / "out.html").is_file()


def test_every_public_name_of_the_page_exists() -> None:
    import mdocr

    for name in re.findall(r"`mdocr\.([A-Za-z_]+)`", PAGE):
        assert name in mdocr.__all__, name
