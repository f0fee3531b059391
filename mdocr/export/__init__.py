"""``mdocr export``: models as ONNX files, which the engine onnx runs.

``words`` and ``lines`` tell how a model becomes two graphs, ``graphs`` how a graph becomes a file.
"""

from pathlib import Path

from mdocr.errors import UsageError, WeightsError
from mdocr.export.graphs import TOLERANCES, Export, ExportError, Precision, check_request
from mdocr.export.lines import export_line_reader
from mdocr.export.words import export_recognizer
from mdocr.weights.line_reader import is_line_reader
from mdocr.weights.registry import MODELS, resolve

__all__ = [
    "TOLERANCES",
    "Export",
    "ExportError",
    "Precision",
    "check_request",
    "export_line_reader",
    "export_model",
    "export_recognizer",
]


def export_model(
    model: str, folder: Path, precision: Precision = "fp32", apart: bool = False
) -> tuple[str, Export]:
    """Writes the ONNX files of a word model or a line reader.

    Args:
        model: a name, or the path of a checkpoint or of a line reader's folder.
        folder: where to write.
        precision: see ``export_recognizer``.
        apart: leave a word model's weights in its checkpoint; see ``export_recognizer``.

    Returns:
        The model's name, and what became of it.

    Raises:
        UsageError: no such precision, or not for weights apart.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: no such model, or one that cannot be exported.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)  # before a download in vain
    known = MODELS.get(model)
    is_named_parser = known is not None and known.task == "parser"
    if not is_named_parser and not is_line_reader(Path(model)):
        found = resolve(model, "recognizer")
        return found.name, export_recognizer(found.path, folder, precision, apart)
    if apart:
        raise UsageError("only weights of word models can stay apart", "Leave out --weights-apart.")
    if known is None:
        return Path(model).name, export_line_reader(Path(model), folder, precision)
    if not known.packaged:
        raise WeightsError(f"the model {model} cannot be exported", "It is made for a GPU.")
    found = resolve(model, "parser")
    return found.name, export_line_reader(found.path, folder, precision)
