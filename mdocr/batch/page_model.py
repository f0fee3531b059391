"""A page model that is found, and loaded, only when it is needed."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from mdocr.decoding.blocks import ActiveSequence
from mdocr.engines.page_engines import check_settings
from mdocr.engines.server import ServerPageModel
from mdocr.parsing.loading import find_parser, load_lite, load_parser
from mdocr.parsing.page_model import PageModel
from mdocr.weights.resolve import ResolvedModel

Watch = Callable[[Callable[[Iterable[int]], str], Collection[ActiveSequence]], None]


@dataclass(frozen=True)
class ModelChoice:
    """Which page model reads, and what runs it.

    Attributes:
        model: a name, a checkpoint folder, or ``auto``.
        device: where it runs.
        engine: what runs it there.
        dtype: of its weights.
        cuda_graphs: replay recorded block steps.
        server: address of the server that runs it instead; empty for none.
    """

    model: str = "auto"
    device: str = "auto"
    engine: str = "auto"
    dtype: str = "auto"
    cuda_graphs: bool = False
    server: str = ""


class LazyPageModel:
    """A page model that is found, and loaded, only when it is needed.

    Args:
        choice: which one.
        watch: called pass by pass.
    """

    def __init__(self, choice: ModelChoice, watch: Watch | None = None) -> None:
        self.choice = choice
        self._watch = watch

    @cached_property
    def name(self) -> str:
        """Name of the model; one that is not installed is downloaded."""
        return self.loaded.name if self.choice.server else self.found.name

    @property
    def identity(self) -> dict[str, Any]:
        """Tells this model, and what runs it, from others."""
        if self.choice.server:
            return {"name": self.name, "engine": "server"}
        kind = {"engine": self.choice.engine, "dtype": self.choice.dtype}
        return {"name": self.name, "files": self.found.files, **kind}

    @cached_property
    def found(self) -> ResolvedModel:
        """Name and files of a local model; a wrong device is refused before a download."""
        choice = self.choice
        check_settings(choice.model, choice.device, choice.dtype, choice.engine)
        return find_parser(choice.model, choice.device)

    @cached_property
    def loaded(self) -> PageModel:
        """The model, on its device or server."""
        choice = self.choice
        if choice.server:
            name = "" if choice.model == "auto" else choice.model
            return ServerPageModel(choice.server, name, load_lite)
        parser = load_parser(
            choice.model,
            choice.device,
            choice.dtype,
            choice.engine,
            cuda_graphs=choice.cuda_graphs,
        )
        if self._watch:
            parser.watch = partial(self._watch, parser.tokenizer.decode)
        return parser
