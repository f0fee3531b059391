"""Plots of the benchmarks as SVG, PNG or PDF, by file suffix."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdocr.errors import MissingExtraError, UsageError
from mdocr.files import check_folder, written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")

Row = Mapping[str, Any]


def check_plot(path: Path) -> None:
    """Checks before a measurement that its plot can be written.

    Raises:
        UsageError: the suffix is unknown, or the folder is missing or cannot be written to.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower().lstrip(".") not in FORMATS:
        raise UsageError(
            f"a plot cannot be written as {path.name!r}", f"End its name in: {', '.join(FORMATS)}"
        )
    folder = path.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "Make it first.")
    check_folder(folder)
    _figure()


def plot_latency(rows: Sequence[Row], title: str, path: Path) -> None:
    """Median milliseconds over steps, a line for each decoder, engine, device and batch size.

    Args:
        rows: of ``LatencyRow.to_dict``.
        title: above the plot.
        path: file to write.
    """
    figure, axes = _figure()
    most = max((row["steps"] or 1 for row in rows), default=1)
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(_line_name(row), []).append(row)
    for name, points in lines.items():
        if points[0]["steps"] is None:
            axes.plot([1, most], [points[0]["median"]] * 2, "--", label=name)
        else:
            steps = [point["steps"] for point in points]
            axes.plot(steps, [point["median"] for point in points], "o-", label=name)
    axes.set(title=title, xlabel="steps", ylabel="median ms a batch", ylim=(0, None))
    axes.set_xticks(range(1, most + 1))
    _finish(figure, axes, path)


def plot_speed_accuracy(
    rows: Sequence[Row], published: Sequence[Row], title: str, path: Path
) -> None:
    """Similarity to the ground truth over tokens a second, with the published points beside.

    Where there is no ground truth, tokens a pass take the place of the similarity.

    Args:
        rows: of ``ThroughputRow.to_dict``.
        published: records with ``label``, ``tokens_per_second`` and ``score`` (0 to 100).
        title: above the plot.
        path: file to write.
    """
    figure, axes = _figure()
    scored = any(row["similarity"] is not None for row in rows)
    key, scale = ("similarity", 100) if scored else ("tokens_per_pass", 1)
    points = [row for row in rows if row[key] is not None]
    speeds = [row["tokens_per_second"] for row in points]
    values = [scale * row[key] for row in points]
    axes.plot(speeds, values, "o-", label="measured here")
    for row, speed, value in zip(points, speeds, values, strict=True):
        axes.annotate(row["mode"], (speed, value), fontsize=7, xytext=(3, 3), textcoords=_OFFSET)
    if scored and published:
        theirs = [(row["tokens_per_second"], row["score"]) for row in published]
        axes.plot(*zip(*theirs, strict=True), "s:", color="grey", label=PUBLISHED_LABEL)
        for row, point in zip(published, theirs, strict=True):
            axes.annotate(
                row["label"], point, fontsize=7, color="grey", xytext=(3, 3), textcoords=_OFFSET
            )
    axes.set(title=title, xlabel="tokens/s", ylabel="text similarity, %" if scored else key)
    _finish(figure, axes, path)


PUBLISHED_LABEL = "published: H200, batch 1, OmniDocBench overall"
_OFFSET = "offset points"


def plot_shuffle(rows: Sequence[Row], title: str, path: Path) -> None:
    """BLEU and similarity over the share of shuffled words, for each way to decode."""
    figure, axes = _figure()
    for mode in dict.fromkeys(row["mode"] for row in rows):
        points = [row for row in rows if row["mode"] == mode]
        shares = [100 * point["shuffled"] for point in points]
        (line,) = axes.plot(shares, [p["bleu"] for p in points], "o-", label=f"{mode}, BLEU")
        similar = [point["similarity"] for point in points]
        axes.plot(shares, similar, "s--", color=line.get_color(), label=f"{mode}, similarity")
    axes.set(title=title, xlabel="words shuffled, %", ylabel="score", ylim=(0, 1.02))
    _finish(figure, axes, path)


def _figure() -> "tuple[Figure, Axes]":
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "bench", "Drawing a plot") from error
    figure = Figure(figsize=(8, 5), layout="constrained")
    return figure, figure.subplots()


def _finish(figure: "Figure", axes: "Axes", path: Path) -> None:
    """Adds legend and grid, and writes the plot reproducibly."""
    import matplotlib

    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7)
    form = path.suffix.lower().lstrip(".")
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[form]
    with written_whole(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "m"}):
        figure.savefig(temporary, format=form, metadata=dated)


def _line_name(row: Row) -> str:
    return f"{row['decoder']} ({row['engine']}, {row['device']}, batch {row['batch_size']})"
