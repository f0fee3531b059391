"""``python -m mdocr`` is the same as ``mdocr``."""

from mdocr.cli.main import run

if __name__ == "__main__":
    run()
