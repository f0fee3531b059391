"""``mdocr export``: models as ONNX files, which the engine onnx runs.

``mdiff4str``, ``line_reader`` and ``mineru_diffusion`` turn a model into two graphs; ``tracing``,
``precision`` and ``external_data`` turn a graph into a file; ``folder`` writes, describes and
compares the files.
"""

from pathlib import Path

from mdocr.errors import UsageError
from mdocr.export.folder import TOLERANCES, Export, ExportError, check_request, refuse_foreign
from mdocr.export.line_reader import export_line_reader
from mdocr.export.mdiff4str import export_mdiff4str
from mdocr.export.mineru_diffusion import export_mineru_diffusion
from mdocr.export.precision import Precision
from mdocr.files import check_folder
from mdocr.weights.checkpoint_folder import is_line_reader, is_mineru_diffusion
from mdocr.weights.registry import MODELS
from mdocr.weights.resolve import resolve

__all__ = [
    "TOLERANCES",
    "Export",
    "ExportError",
    "Precision",
    "check_request",
    "export_line_reader",
    "export_mdiff4str",
    "export_mineru_diffusion",
    "export_model",
]


def export_model(
    model: str, folder: Path, precision: Precision = "fp32", *, force: bool = False
) -> tuple[str, Export]:
    """Writes the ONNX files of a word model, a line reader or MinerU-Diffusion.

    Args:
        model: a name, or the path of a checkpoint.
        folder: where to write.
        precision: see ``export_mdiff4str``, and ``export_mineru_diffusion`` for ``int4``.
        force: replace the description of another model in the folder.

    Returns:
        The model's name, and the export.

    Raises:
        UsageError: no such precision, or not for this model; or the folder is not writable, or
            holds another model.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: no such model, or one that cannot be read.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)  # before anything is downloaded
    check_folder(folder)
    known = MODELS.get(model)
    if not known and folder.resolve() == Path(model).expanduser().resolve():
        raise UsageError(f"{folder} holds the model itself", "Give another folder with: -o FOLDER")
    if not force:
        refuse_foreign(folder)
    reads_pages = known.task == "parser" if known else _is_page_model(Path(model).expanduser())
    if not reads_pages:
        _refuse_int4(precision)
        found = resolve(model, "recognizer")
        return found.name, export_mdiff4str(found.path, folder, precision)
    found = resolve(model, "parser")
    if not is_line_reader(found.path):
        return found.name, export_mineru_diffusion(found.path, folder, precision)
    _refuse_int4(precision)
    return found.name, export_line_reader(found.path, folder, precision)


def _is_page_model(folder: Path) -> bool:
    return is_line_reader(folder) or is_mineru_diffusion(folder)


def _refuse_int4(precision: Precision) -> None:
    if precision == "int4":
        raise UsageError("int4 is for MinerU-Diffusion only", "Choose int8, or fp16.")
