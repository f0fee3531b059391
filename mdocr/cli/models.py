"""``mdocr models``: the named models, and their files on this machine."""

import json
import sys
from typing import Annotated, Any

import typer

from mdocr.cli.command import Command, command_group, examples
from mdocr.cli.console import note
from mdocr.errors import UsageError, WeightsError
from mdocr.weights import cache, registry
from mdocr.weights.cache import CachedModel
from mdocr.weights.download import download as download_model
from mdocr.weights.registry import ReleasedModel

app = command_group("List, download, verify and remove weights.")

NAMES = ", ".join(registry.names())
Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {NAMES}.")]


@app.command("list", cls=Command, epilog=examples("mdocr models list --json"))
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


@app.command(cls=Command, epilog=examples("mdocr models download mineru-diffusion"))
def download(name: Name) -> None:
    """Download a model into the cache, and print where it is."""
    model = registry.find(name)
    cached = CachedModel(model)
    was_there = cached.installed
    folder = download_model(model)
    note(f"{model.name} is {'already ' if was_there else ''}installed")
    typer.echo(cached.path if model.packaged else folder)


@app.command(cls=Command, epilog=examples("mdocr models verify"))
def verify(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=f"One of: {NAMES}. All installed ones by default."),
    ] = None,
) -> None:
    """Check installed files against what was recorded when they were downloaded."""
    chosen = [_find_installed(name)] if name else _installed()
    if not chosen:
        note("no model is installed")
    bad = [cached.model for cached in chosen if not _verified(cached)]
    if bad:
        first = bad[0].name
        raise WeightsError(
            f"damaged or not complete: {', '.join(model.name for model in bad)}",
            "Install mdocr again."
            if bad[0].packaged
            else f"Run: mdocr models remove {first} --yes && mdocr models download {first}",
        )


@app.command(cls=Command, epilog=examples("mdocr models path mdiff4str-base"))
def path(name: Name) -> None:
    """Print where an installed model is: a weights file, or a folder."""
    typer.echo(_find_installed(name).path)


@app.command(cls=Command, epilog=examples("mdocr models remove mdiff4str-base --yes"))
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a downloaded model from the cache."""
    cached = CachedModel(registry.find(name))
    if not cached.model.packaged and not yes and cached.folder.exists():
        if not sys.stdin.isatty():
            raise UsageError(
                f"remove {cached.folder}?", "Say --yes, since nobody can be asked here."
            )
        if not typer.confirm(f"Remove {cached.folder}?", err=True):
            raise typer.Exit(1)
    freed = cached.remove()
    name = cached.model.name
    note(f"removed {name}: {freed / 1e6:.1f} MB" if freed else f"{name} was not there")


def record(model: ReleasedModel) -> dict[str, Any]:
    """A model as ``mdocr models list --json`` shows it."""
    cached = CachedModel(model)
    return {
        "name": model.name,
        "task": model.task,
        "description": model.description,
        "licence": model.licence,
        "size": model.size,
        "source": f"https://huggingface.co/{model.repo}" if model.repo else "package",
        "installed": cached.installed,
        "path": str(cached.path) if cached.installed else None,
    }


def _find_installed(name: str) -> CachedModel:
    cached = CachedModel(registry.find(name))
    if not cached.installed:
        name = cached.model.name
        raise WeightsError(f"{name} is not installed", f"Run: mdocr models download {name}")
    return cached


def _installed() -> list[CachedModel]:
    every = (CachedModel(model) for model in registry.MODELS.values())
    return [cached for cached in every if cached.installed]


def _verified(cached: CachedModel) -> bool:
    damaged, unrecorded = cached.verify()
    if not damaged and unrecorded:  # from the package, or copied here: does it at least load?
        damaged = _unloadable(cached)
    name = cached.model.name
    if damaged:
        typer.echo(f"{name}: damaged: {', '.join(damaged)}")
    else:
        remark = " (it loads; no checksum is recorded)" if unrecorded else ""
        typer.echo(f"{name}: ok{remark}")
    return not damaged


def _unloadable(cached: CachedModel) -> list[str]:
    from mdocr.weights.mdiff4str import load_mdiff4str, unreadable_tensors

    if cached.model.task == "parser":
        return unreadable_tensors(cached.folder)
    try:
        load_mdiff4str(cached.path)
    except WeightsError as error:
        note(str(error))
        return [cached.model.files[0]]
    return []
