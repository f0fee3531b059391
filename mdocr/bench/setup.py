"""The environment of a measurement, without which its figures mean little."""

import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import mdocr

PACKAGES = ("torch", "onnxruntime", "onnxruntime-gpu", "numpy", "pillow")


def measured_with() -> dict[str, Any]:
    """Versions, commit and time, for the header of a report."""
    return {
        "mdocr": mdocr.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def commit() -> str:
    """The commit of this checkout, ``-dirty`` behind it if the package differs; empty if none."""
    package = Path(__file__).parents[1]
    if _git("ls-files", "--error-unmatch", str(package / "__init__.py")) is None:
        return ""  # installed, perhaps below the checkout of something else
    name = _git("describe", "--always", "--exclude=*") or ""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", str(package))
    return f"{name}-dirty" if name and changed else name


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
