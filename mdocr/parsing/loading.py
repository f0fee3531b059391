"""Page models loaded by name, and documents read in one call."""

import logging
import os
from functools import lru_cache
from pathlib import Path

from typing_extensions import Unpack

from mdocr.engines.exported import has_accelerator
from mdocr.engines.page_engines import check_settings, page_engine
from mdocr.errors import WeightsError
from mdocr.inputs.pages import DocumentInput
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.options import ParseChanges
from mdocr.parsing.parser import Parser
from mdocr.preprocessing.line_reader import LineReaderProcessor
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor
from mdocr.preprocessing.tokenizers import LineReaderTokenizer, MinerUDiffusionTokenizer
from mdocr.render import Document
from mdocr.weights import onnx_files
from mdocr.weights.registry import ReleasedModel
from mdocr.weights.resolve import ResolvedModel, resolve

logger = logging.getLogger(__name__)

Tokenizer = MinerUDiffusionTokenizer | LineReaderTokenizer
Processor = MinerUDiffusionProcessor | LineReaderProcessor


def parse(
    source: DocumentInput,
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    **changes: Unpack[ParseChanges],
) -> Document:
    """Reads a document; the model stays loaded for the next call with the same settings.

    Args:
        source: as ``Parser.parse`` takes it.
        model: see ``load_parser``; so are the next three.
        device: where it runs.
        dtype: in what it computes.
        engine: what runs it.
        **changes: single options of ``ParseOptions`` by name, such as ``pages``.

    Raises:
        MdocrError: see ``load_parser`` and ``Parser.parse``.
    """
    check_settings(os.fspath(model), device, dtype, engine)
    files = repr(find_parser(model, device).files)
    return _kept(os.fspath(model), files, device, dtype, engine).parse(source, **changes)


@lru_cache(maxsize=1)
def _kept(model: str, files: str, device: str, dtype: str, engine: str) -> Parser:
    """The model of the last call; loaded anew when ``files``, its weights, have changed."""
    return load_parser(model, device, dtype, engine)


def load_parser(
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    *,
    cuda_graphs: bool = False,
) -> Parser:
    """Loads a page model.

    Args:
        model: "auto" (the best that is installed and fast on the device), a name (downloaded on
            first use), or a checkpoint folder.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: "float32", "bfloat16", "float16", "int8" (matrices in eight bits, all else as
            "auto": ``mdocr.models.linear``), or "auto" for that of the weights.
        engine: "torch"; "onnx", for exported files (``mdocr export``); or "auto": onnx for exported
            files, and on a CPU for a line reader that has them beside it; else torch.
        cuda_graphs: record block steps and replay them (``mdocr.engines.cuda_graphs``); for torch
            on CUDA.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent or out of memory.
        UsageError: an argument makes no sense.
    """
    check_settings(os.fspath(model), device, dtype, engine)
    found = find_parser(model, device)
    folder = found.path if found.path.is_dir() else found.path.parent
    made = page_engine(folder, device, dtype, engine, cuda_graphs=cuda_graphs)
    return Parser(made, *_prompts(made.folder, made.config), found.name, load_lite)


@lru_cache(maxsize=1)
def load_lite() -> Parser:
    """The lite model on the CPU, beside a large one; loaded once.

    Raises:
        WeightsError: it is damaged.
    """
    return load_parser("lite", "cpu")


def _prompts(
    folder: Path, config: LineReaderConfig | MinerUDiffusionConfig
) -> tuple[MinerUDiffusionTokenizer | LineReaderTokenizer, Processor]:
    """What makes prompts and pictures for a model, from the files beside it."""
    if isinstance(config, LineReaderConfig):
        return LineReaderTokenizer(config), LineReaderProcessor()
    tokenizer = MinerUDiffusionTokenizer(folder / onnx_files.TOKENIZER, config.image_token_id)
    return tokenizer, MinerUDiffusionProcessor.read(folder / onnx_files.PREPROCESSOR)


def find_parser(model: str | os.PathLike[str], device: str = "auto") -> ResolvedModel:
    """Name and place of a page model; a named one is downloaded if it is not there.

    On a CPU, where MinerU-Diffusion takes minutes a page, it has to be named: ``auto`` takes the
    model in the package.

    Args:
        model: see ``load_parser``.
        device: see there.

    Raises:
        WeightsError: there is no such model, or none at all.
    """
    try:
        return resolve(os.fspath(model), "parser", lambda one: _is_fast(one, device))
    except WeightsError as error:
        if str(model) not in ("auto", "lite", "mineru-diffusion-lite"):
            raise
        raise WeightsError(
            error.message,
            "Get the page model with: mdocr models download mineru-diffusion; "
            "or give a folder with: --model FOLDER",
        ) from error


def _is_fast(model: ReleasedModel, device: str) -> bool:
    if model.packaged or has_accelerator(device):
        return True
    _say_slow(model.name)
    return False


@lru_cache(maxsize=1)
def _say_slow(name: str) -> None:
    """Says it once, however often a model is looked for."""
    logger.warning(
        "%s takes minutes a page on a CPU, so it is read with --model %s only", name, name
    )
