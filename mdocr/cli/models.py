"""``mdocr models``: the named models, and their files on this machine."""

import json
import sys
from typing import Annotated, Any

import typer

from mdocr.cli.console import note
from mdocr.errors import UsageError, WeightsError
from mdocr.weights import cache, registry
from mdocr.weights.registry import ReleasedModel

app = typer.Typer(no_args_is_help=True, help="List, download, verify and remove weights.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that `mdocr models list` shows.")]


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every named model."""
    records = [record(model) for model in registry.MODELS.values()]
    if as_json:
        document = {"schema": "mdocr.models/1", "cache": str(cache.cache_dir()), "models": records}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    width = max(len(name) for name in registry.MODELS)
    for entry in records:
        state = "installed" if entry["installed"] else "-"
        size = f"{entry['size'] / 1e6:,.0f} MB"
        typer.echo(
            f"{entry['name']:{width}}  {entry['task']:10}  {size:>9}  {state:9}  "
            f"{entry['licence']:10}  {entry['description']}"
        )


@app.command()
def download(name: Name) -> None:
    """Download a model into the cache, and print where it is."""
    from mdocr.weights.download import download as download_model

    model = registry.find(name)
    was_there = cache.is_installed(model)
    folder = download_model(model)
    note(f"{model.name} is {'already ' if was_there else ''}installed")
    typer.echo(cache.weights_path(model) if model.packaged else folder)


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One model; all installed, if left out.")
    ] = None,
) -> None:
    """Check installed files against what was recorded when they were downloaded."""
    chosen = [_find_installed(name)] if name else _installed()
    if not chosen:
        note("no model is installed")
    bad = [model for model in chosen if not _verified(model)]
    if bad:
        first = bad[0].name
        raise WeightsError(
            f"damaged or not complete: {', '.join(model.name for model in bad)}",
            "Install mdocr again."
            if bad[0].packaged
            else f"Run: mdocr models remove {first} --yes && mdocr models download {first}",
        )


@app.command()
def path(name: Name) -> None:
    """Print where an installed model is: a weights file, or a folder."""
    typer.echo(cache.weights_path(_find_installed(name)))


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a downloaded model from the cache, and what was exported of it."""
    model = registry.find(name)
    folder = cache.model_dir(model)
    if not model.packaged and not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"remove {folder}?", "Say --yes, since nobody can be asked here.")
        if not typer.confirm(f"Remove {folder}?", err=True):
            raise typer.Exit(1)
    freed = 0
    if not model.packaged and cache.is_installed(model):
        from mdocr.weights import onnx_files

        freed = onnx_files.remove_exported(cache.weights_path(model))
    freed += cache.remove(model)
    note(f"removed {model.name}: {freed / 1e6:.1f} MB" if freed else f"{model.name} was not there")


def record(model: ReleasedModel) -> dict[str, Any]:
    """A model as ``mdocr models list --json`` shows it."""
    installed = cache.is_installed(model)
    return {
        "name": model.name,
        "task": model.task,
        "description": model.description,
        "licence": model.licence,
        "size": model.size,
        "source": f"https://huggingface.co/{model.repo}" if model.repo else "package",
        "installed": installed,
        "path": str(cache.weights_path(model)) if installed else None,
    }


def _find_installed(name: str) -> ReleasedModel:
    model = registry.find(name)
    if not cache.is_installed(model):
        raise WeightsError(
            f"{model.name} is not installed", f"Run: mdocr models download {model.name}"
        )
    return model


def _installed() -> list[ReleasedModel]:
    return [model for model in registry.MODELS.values() if cache.is_installed(model)]


def _verified(model: ReleasedModel) -> bool:
    damaged, unrecorded = cache.damaged_files(model)
    if not damaged and unrecorded:  # from the package, or copied here: does it at least load?
        damaged = _unloadable(model)
    if damaged:
        typer.echo(f"{model.name}: damaged: {', '.join(damaged)}")
    else:
        remark = " (it loads; no checksum is recorded)" if unrecorded else ""
        typer.echo(f"{model.name}: ok{remark}")
    return not damaged


def _unloadable(model: ReleasedModel) -> list[str]:
    from mdocr.weights.checkpoint import load_recognizer_weights, unreadable_tensors

    folder = cache.model_dir(model)
    if model.task == "parser":
        return unreadable_tensors(folder)
    try:
        load_recognizer_weights(cache.weights_path(model))
    except WeightsError as error:
        note(str(error))
        return [model.files[0]]
    return []
