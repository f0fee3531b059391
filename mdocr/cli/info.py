"""``mdocr info``: what this installation runs on; made to be pasted into a bug report."""

import json
import os
import platform
import sys
from importlib import import_module
from typing import Annotated, Any

import typer

import mdocr
from mdocr.cli.command import Command, examples, single_command
from mdocr.weights import cache, registry
from mdocr.weights.cache import CachedModel

app = single_command()


@app.command(cls=Command, epilog=examples("mdocr info --json"))
def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show versions, devices, threads, cache and installed models."""
    facts = collect()
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        if name != "schema":
            typer.echo(f"{name.replace('_', ' ') + ':':16}{_as_text(value)}")


def collect() -> dict[str, Any]:
    """The facts, as ``mdocr info --json`` prints them; a broken package is a fact too."""
    installed = [name for name, model in registry.MODELS.items() if CachedModel(model).installed]
    return {
        "schema": "mdocr.info/1",
        "mdocr": mdocr.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch": _version("torch"),
        "onnxruntime": _version("onnxruntime"),
        "devices": _devices(),
        "onnx_providers": _providers(),
        "threads": _threads(),
        "cache": str(cache.cache_dir()),
        "models": installed,
    }


def _version(package: str) -> str:
    try:
        return str(import_module(package).__version__)
    except Exception as error:  # a broken native library can fail in any way
        return f"not usable ({type(error).__name__}: {error})"


def _devices() -> list[dict[str, Any]]:
    """Devices that can be named with ``--device``, with their memory in bytes."""
    devices = [{"name": "cpu", "description": _processor(), "memory": _system_memory()}]
    torch = sys.modules.get("torch")  # imported for its version, unless it is broken
    if torch is None:
        return devices
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        devices.append(
            {"name": f"cuda:{index}", "description": found.name, "memory": found.total_memory}
        )
    if torch.backends.mps.is_available():
        devices.append({"name": "mps", "description": "Apple GPU", "memory": _system_memory()})
    return devices


def _processor() -> str:
    return platform.processor() or platform.machine()


def _system_memory() -> int | None:
    """Bytes of main memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _providers() -> list[str]:
    try:
        return list(import_module("onnxruntime").get_available_providers())
    except Exception:
        return []


def _threads() -> int:
    torch = sys.modules.get("torch")
    count: int | None = torch.get_num_threads() if torch else os.cpu_count()
    return count or 1


def _as_text(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return ", ".join(_device_text(v) if isinstance(v, dict) else str(v) for v in value) or "none"


def _device_text(device: dict[str, Any]) -> str:
    memory = f", {device['memory'] / 2**30:.1f} GiB" if device["memory"] else ""
    return f"{device['name']} ({device['description']}{memory})"
