"""The page model in a reader's hand: pictures and prompts in, texts out.

Loading and prompts, pictures and decoding meet here; each is told in its own module.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch
from PIL import Image

from mdocr.decoding.blocks import denoise
from mdocr.decoding.prompts import LineTokenizer, Prompt, PromptTokenizer
from mdocr.decoding.requests import BlockOptions, Generation, Predict, Request
from mdocr.document import Document
from mdocr.engines import check_onnx_dtype
from mdocr.engines.cuda_graphs import GraphedBlocks
from mdocr.engines.device import choose_device
from mdocr.engines.memory import is_memory_error
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import MdocrError, OutOfMemoryError, UsageError, WeightsError
from mdocr.inputs import open_picture
from mdocr.models.line_pictures import LinePictureConfig
from mdocr.models.line_reader import LineReader, LineReaderConfig
from mdocr.models.linear import pack, quantize
from mdocr.models.mineru_diffusion import MinerUDiffusion, MinerUDiffusionConfig
from mdocr.models.page_pictures import PictureConfig
from mdocr.options import ENGINES, ParseOptions
from mdocr.weights import onnx_files
from mdocr.weights.line_reader import is_line_reader, load_line_reader
from mdocr.weights.mineru_diffusion import load_folder
from mdocr.weights.registry import ResolvedModel, resolve

if TYPE_CHECKING:
    from mdocr.engines.onnx_blocks import OnnxBlockModel

logger = logging.getLogger(__name__)

Picture = Image.Image | Path | str
Value = TypeVar("Value")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
INT8 = "int8"
"""Matrices in eight bits, all else as for ``auto``."""
CPU_SLOTS = 4
DEVICE_SLOTS = 32
CACHE_SHARE = 0.6
"""Share of the free memory of a device that the cache may take."""


class Speller(Protocol):
    """Turns tokens into text."""

    def decode(self, tokens: Iterable[int]) -> str:
        """The text."""


class PageModel(Protocol):
    """What pages are read with: a model at hand (``Parser``), or behind a server."""

    @property
    def name(self) -> str:
        """Of the model, for results."""

    @property
    def reads_lines(self) -> bool:
        """Whether it reads single lines, and must be told where they are."""

    @property
    def tokenizer(self) -> Speller:
        """Spells tokens."""

    def request(self, image: Image.Image, prompt: str, options: BlockOptions) -> Request:
        """Prepares one picture and its prompt."""

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation | MdocrError]]:
        """Texts of requests, or why there is none, drawn when there is room, as they end.

        Raises:
            OutOfMemoryError: there is not room for so many texts.
        """

    def slots(self, max_tokens: int) -> int:
        """Texts of so many tokens that there is room for at the same time."""


class Parser:
    """Reads pictures of pages and regions.

    Args:
        model: the model, on its device.
        tokenizer: prompts and texts.
        pictures: how pictures are prepared.
        name: name of the model, for results.
        cuda_graphs: whether a model on torch replays recorded block steps.
    """

    def __init__(
        self,
        model: "MinerUDiffusion | LineReader | OnnxBlockModel",
        tokenizer: PromptTokenizer | LineTokenizer,
        pictures: PictureConfig | LinePictureConfig,
        name: str,
        cuda_graphs: bool = False,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.pictures = pictures
        self.name = name
        self.reads_lines = isinstance(model.config, LineReaderConfig)
        on_torch = GraphedBlocks if cuda_graphs else TorchBlocks
        self._blocks: Callable[[int], Predict] = (
            partial(on_torch, model) if isinstance(model, torch.nn.Module) else model.blocks
        )

    def generate(
        self,
        images: Picture | Sequence[Picture | None],
        prompts: Prompt | Sequence[Prompt],
        *,
        threshold: float | Sequence[float] = BlockOptions.threshold,
        block_length: int = BlockOptions.block_length,
        steps: int | None = BlockOptions.steps,
        max_tokens: int = BlockOptions.max_tokens,
        temperature: float = BlockOptions.temperature,
        seed: int = BlockOptions.seed,
        revise: bool = BlockOptions.revise,
        stop_ids: Sequence[int] | None = None,
        batch_size: int | None = None,
    ) -> list[Generation]:
        """Generates a text for every picture.

        Args:
            images: pictures or paths; None where a prompt needs none.
            prompts: one for all pictures, or one each: a task ("text", "table", "formula",
                "equation", "layout"), another text, or token ids that are used as they are.
            threshold: confidence above which a token is committed; one for all, or one each.
            block_length: tokens that are denoised together; 1 is autoregressive decoding.
            steps: passes in which a block is complete at the latest; ``block_length`` if None.
            max_tokens: longest text, in tokens.
            temperature: 0 takes the likeliest tokens and is reproducible.
            seed: seed of the draws, if the temperature is above 0.
            revise: a step that finds too few masked tokens decides committed ones anew, as the
                released code does; matters only if ``steps`` is less than ``block_length``.
            stop_ids: tokens before which a text ends; those of the tokenizer if None.
            batch_size: texts in work at the same time; as many as the device can hold if None.

        Raises:
            UsageError: an option or a prompt makes no sense.
            InputError: a picture cannot be read.
            OutOfMemoryError: the device is out of memory.
        """
        images = [images] if isinstance(images, Picture) else images
        base = BlockOptions(
            block_length=block_length,
            steps=steps,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            revise=revise,
        )
        options = [
            replace(base, threshold=value) for value in _each_threshold(threshold, len(images))
        ]
        stops = self.tokenizer.stop_ids if stop_ids is None else frozenset(stop_ids)
        asked = _each_prompt(prompts, len(images))
        requests = (
            self.request(image, prompt, option, stops)
            for image, prompt, option in zip(images, asked, options, strict=True)
        )
        slots = min(self.slots(max_tokens), max(1, len(images)))
        made = dict(self.denoise(requests, batch_size or slots))
        return [made[number] for number in range(len(images))]

    def request(
        self,
        image: Picture | None,
        prompt: Prompt,
        options: BlockOptions,
        stop_ids: frozenset[int] | None = None,
    ) -> Request:
        """Prepares one picture and its prompt."""
        picture = None if image is None else self.pictures.prepare(open_picture(image))
        ids = self.tokenizer.encode(prompt, 0 if picture is None else picture.tokens)
        stops = self.tokenizer.stop_ids if stop_ids is None else stop_ids
        return Request(ids, options, stops, picture)

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation]]:
        """Texts of requests, with their numbers, in the order in which they end.

        Requests may be made on the way: they are drawn when there is room for them.
        """
        with memory_errors():
            predict = self._blocks(batch_size)
            mask_id = self.model.config.mask_token_id
            for number, made in denoise(predict, requests, mask_id, batch_size):
                yield number, replace(made, text=self.tokenizer.decode(made.tokens))

    def parse(
        self, path: str | Path, options: ParseOptions | None = None, **changes: Any
    ) -> Document:
        """Reads a document: a PDF, or a picture of a page.

        Pictures in it are named by their blocks, but not kept; ``mdocr.parsing.read_documents``
        hands them out.

        Args:
            path: the document.
            options: how to read; the defaults if left out.
            **changes: single options by name, such as ``pages`` and ``threshold``.

        Returns:
            Its pages; those that could not be read are named in ``failures``.

        Raises:
            InputError: the file is missing, damaged, locked, or of another kind.
            UsageError: an option makes no sense, or there is no such page.
        """
        from mdocr.parsing import parse  # it is above this file

        return parse(self, path, replace(options or ParseOptions(), **changes))

    def slots(self, max_tokens: int) -> int:
        """Texts of so many tokens that the device has room for at the same time."""
        device = self.model.device
        if device.type == "cpu":
            return CPU_SLOTS
        if not isinstance(self.model, torch.nn.Module):
            return DEVICE_SLOTS if self.reads_lines else CPU_SLOTS  # its cache is not on the device
        slots = DEVICE_SLOTS
        if device.type == "cuda":
            longest = max_tokens + self.pictures.most_tokens
            shape = self.model.language_model.config.cache_shape
            room = torch.cuda.mem_get_info(device)[0] * CACHE_SHARE
            slots = min(slots, int(room // (longest * shape.token_bytes(self.model.dtype))))
        return max(1, slots)


def load_parser(
    model: str | Path = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    *,
    cuda_graphs: bool = False,
) -> Parser:
    """Loads a page model.

    Args:
        model: "auto" (the best that is installed), a name (downloaded on first use), or a folder of
            the released layout.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: "float32", "bfloat16", "float16", "int8" (matrices in eight bits, all else as
            "auto": ``mdocr.models.linear``), or "auto" for that of the weights.
        engine: "torch"; "onnx", for which a model is exported when first used; or "auto": onnx for
            exported files, else torch.
        cuda_graphs: record block steps and replay them (``mdocr.engines.cuda_graphs``); for torch
            on CUDA.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent or out of memory.
        UsageError: an argument makes no sense.
    """
    check_place(model, device, dtype, engine)
    found = find_parser(model)
    folder = found.path if found.path.is_dir() else found.path.parent
    if engine == "onnx" or (engine == "auto" and onnx_files.is_onnx(folder)):
        check_onnx_dtype(dtype)
        return _exported_parser(folder, found.name, device)
    place = choose_device(device)
    if cuda_graphs and place.type != "cuda":
        raise UsageError(f"there are no CUDA graphs on {place}", "Leave out --cuda-graphs.")
    with memory_errors():
        parser = _torch_parser(folder, found.name, place, dtype, cuda_graphs)
    logger.info("loaded %s on %s as %s", found.name, place, dtype)
    return parser


def _torch_parser(
    folder: Path, name: str, device: torch.device, dtype: str, cuda_graphs: bool
) -> Parser:
    model: MinerUDiffusion | LineReader
    tokenizer: PromptTokenizer | LineTokenizer
    pictures: PictureConfig | LinePictureConfig
    if is_line_reader(folder):
        model = load_line_reader(folder, device).to(DTYPES.get(dtype, torch.float32))
        tokenizer, pictures = LineTokenizer(model.config), LinePictureConfig()
    else:
        model = load_folder(folder, device, DTYPES.get(dtype))
        tokenizer, pictures = _page_prompts(folder, model.config)
    if dtype == INT8:
        quantize(model)
    pack(model)
    return Parser(model, tokenizer, pictures, name, cuda_graphs)


def _page_prompts(
    folder: Path, config: MinerUDiffusionConfig
) -> tuple[PromptTokenizer, PictureConfig]:
    """What makes prompts and pictures for a large page model, from the files beside it."""
    tokenizer = PromptTokenizer(folder / onnx_files.TOKENIZER, config.image_token_id)
    return tokenizer, PictureConfig.read(folder / onnx_files.PICTURES)


def check_place(model: str | Path, device: str, dtype: str, engine: str) -> None:
    """Finds errors in what ``load_parser`` takes, before a download in vain.

    Raises:
        DeviceError: the device is absent.
        UsageError: an argument makes no sense.
    """
    if dtype not in ("auto", *DTYPES, INT8):
        names = ", ".join(("auto", *DTYPES, INT8))
        raise UsageError(f"unknown dtype {dtype!r}", f"Choose one of: {names}")
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}", f"Choose one of: {', '.join(ENGINES)}")
    exported = engine == "auto" and onnx_files.is_onnx(Path(model).expanduser())
    if engine == "onnx" or exported:
        from mdocr.engines.onnx_sessions import candidates

        check_onnx_dtype(dtype)
        candidates(device)
    elif device != "auto" and choose_device(device).type == "mps" and dtype == INT8:
        raise UsageError("int8 runs on the CPU and on CUDA only", "Use --dtype float16.")


def _exported_parser(folder: Path, name: str, device: str) -> Parser:
    from mdocr.engines.onnx_blocks import open_line_reader
    from mdocr.engines.onnx_pages import open_page_model

    exported = onnx_files.is_onnx(folder)
    if onnx_files.is_page_model(folder) if exported else not is_line_reader(folder):
        model = open_page_model(folder, device, _export_document_model)
        return Parser(model, *_page_prompts(model.folder, model.config), name)
    reader = open_line_reader(folder, device, _export_line_reader)
    return Parser(reader, LineTokenizer(reader.config), LinePictureConfig(), name)


def _export_line_reader(weights: Path, folder: Path) -> None:
    from mdocr.export import export_line_reader

    export_line_reader(weights, folder)


def _export_document_model(weights: Path, folder: Path) -> None:
    from mdocr.export import export_document_model

    export_document_model(weights, folder, "fp16")  # what bfloat16 keeps, in half the room


def parse(
    path: str | Path,
    model: str | Path = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    **options: Any,
) -> Document:
    """Loads a page model and reads a document: ``load_parser``, then ``Parser.parse``."""
    return load_parser(model, device, dtype, engine).parse(path, **options)


def find_parser(model: str | Path) -> ResolvedModel:
    """Name and place of a page model; a named one is downloaded if it is not there.

    Raises:
        WeightsError: there is no such model, or none at all.
    """
    try:
        return resolve(str(model), "parser")
    except WeightsError as error:
        if str(model) not in ("auto", "lite", "mineru-diffusion-lite"):
            raise
        raise WeightsError(
            error.message,
            "Get the page model with: mdocr models download mineru-diffusion; "
            "or give a folder with: --model FOLDER",
        ) from error


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turns a device's lack of memory into an ``OutOfMemoryError``."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        reason = (str(error).splitlines() or ["no memory"])[0]
        raise OutOfMemoryError(
            f"the device is out of memory: {reason}",
            "Choose a smaller batch size, fewer tokens, or another device.",
        ) from error


def _each_prompt(prompts: Prompt | Sequence[Prompt], count: int) -> list[Prompt]:
    """One prompt a picture, from one for all or one each."""
    if isinstance(prompts, str):
        return [prompts] * count
    ids = [int(part) for part in prompts if isinstance(part, Integral)]
    if ids:
        return [ids] * count
    each: list[Prompt] = [part for part in prompts if not isinstance(part, int)]
    return _counted(each, count, "prompts")


def _each_threshold(threshold: float | Sequence[float], count: int) -> list[float]:
    if isinstance(threshold, (int, float)):
        return [float(threshold)] * count
    return _counted(list(threshold), count, "thresholds")


def _counted(values: list[Value], count: int, what: str) -> list[Value]:
    if len(values) != count:
        raise UsageError(
            f"{len(values)} {what} for {count} pictures", "Give one for all, or one each."
        )
    return values
