"""``mdocr export``: models as ONNX files, which the engine onnx runs.

``words``, ``lines`` and ``documents`` tell how a model becomes two graphs, ``graphs`` and ``large``
how a graph becomes a file.
"""

from pathlib import Path

from mdocr.errors import UsageError
from mdocr.export.graphs import TOLERANCES, Export, ExportError, Precision, check_request
from mdocr.export.line_reader import export_line_reader
from mdocr.export.mdiff4str import export_recognizer
from mdocr.export.mineru_diffusion import export_document_model, is_document_model
from mdocr.files import check_folder
from mdocr.weights.page_folders import is_line_reader
from mdocr.weights.registry import MODELS
from mdocr.weights.resolve import resolve

__all__ = [
    "TOLERANCES",
    "Export",
    "ExportError",
    "Precision",
    "check_request",
    "export_document_model",
    "export_line_reader",
    "export_model",
    "export_recognizer",
]


def export_model(
    model: str, folder: Path, precision: Precision = "fp32", apart: bool = False
) -> tuple[str, Export]:
    """Writes the ONNX files of a word model, a line reader or a large page model.

    Args:
        model: a name, or the path of a checkpoint or of a page model's folder.
        folder: where to write.
        precision: see ``export_recognizer``, and ``export_document_model`` for ``int4``.
        apart: leave the weights in the checkpoint; see ``export_recognizer``.

    Returns:
        The model's name, and what became of it.

    Raises:
        UsageError: no such precision, or not for this model or for weights apart; or the folder
            cannot be written to.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: no such model, or one that cannot be read.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)  # before a download in vain
    known = MODELS.get(model)
    if apart and (precision != "fp32" or (known and not known.packaged)):
        raise UsageError(
            "only fp32 weights of a .safetensors file at hand can stay apart",
            "Leave out --weights-apart.",
        )
    check_folder(folder)
    reads_pages = known.task == "parser" if known else _is_page_model(Path(model))
    if not reads_pages:
        _refuse_four_bits(precision)
        found = resolve(model, "recognizer")
        return found.name, export_recognizer(found.path, folder, precision, apart)
    found = resolve(model, "parser")
    if is_line_reader(found.path):
        _refuse_four_bits(precision)
        return found.name, export_line_reader(found.path, folder, precision, apart)
    if apart:
        raise UsageError(
            "weights of large page models cannot stay apart", "Leave out --weights-apart."
        )
    return found.name, export_document_model(found.path, folder, precision)


def _is_page_model(folder: Path) -> bool:
    return is_line_reader(folder) or is_document_model(folder)


def _refuse_four_bits(precision: Precision) -> None:
    if precision == "int4":
        raise UsageError("int4 is for the large page model only", "Choose int8, or fp16.")
