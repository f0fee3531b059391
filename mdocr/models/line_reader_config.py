"""Sizes and special tokens of the line reader. Imports no torch, like all configurations."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from mdocr.models.charset import Charset
from mdocr.models.mdiff4str_config import LITE, EncoderConfig
from mdocr.models.sdar_config import SDARConfig

LINE_READER = "mdocr_line_reader"
"""``model_type`` in the ``config.json`` of a line reader."""

FORMULA_HEIGHT = 64
"""Pixels; every formula is pasted onto a strip of this height."""

FORMULA_PROMPTS = ("formula", "equation")
"""Two names for the same task."""


@dataclass(frozen=True)
class LineReaderConfig:
    """Sizes and characters.

    Attributes:
        symbols: characters in the order of their ids.
        encoder: the vision tower.
        text: the language model; its vocabulary is ``symbols``, EOS, MASK, the image token, and
            one token per task.
        tasks: names of the task tokens that end a prompt.
        formula_height: height of formula strips in pixels; 0 if it reads no formulas.
    """

    symbols: str
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    text: SDARConfig = field(default_factory=SDARConfig)
    tasks: tuple[str, ...] = ("text", "formula", "table")
    formula_height: int = 0
    block_size: ClassVar[int] = 16  # tokens, in half of the training

    @property
    def reads_formulas(self) -> bool:
        """Whether it supports the task ``formula``."""
        return self.formula_height > 0

    @property
    def tokens_per_column(self) -> int:
        """Image tokens that a column of the encoder's feature grid is projected to."""
        return self.encoder.column // COLUMN

    @property
    def charset(self) -> Charset:
        """The characters: EOS is 0, MASK and PAD come last."""
        return Charset(self.symbols)

    @property
    def mask_token_id(self) -> int:
        """Id of a masked character."""
        return self.charset.mask_id

    @property
    def image_token_id(self) -> int:
        """Id that image features are substituted for."""
        return self.charset.pad_id

    def task_id(self, task: str) -> int:
        """Id of the token that ends the prompt of a task."""
        return self.charset.pad_id + 1 + self.tasks.index(task)

    @property
    def vocabulary(self) -> int:
        """Number of tokens, including special ones."""
        return self.charset.pad_id + 1 + len(self.tasks)


def lite_line_reader(symbols: str, formula_height: int = 0) -> LineReaderConfig:
    """The configuration of the line reader shipped in the package."""
    text = SDARConfig(
        vocab_size=LineReaderConfig(symbols).vocabulary,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=6,
        head_dim=32,
        rope_theta=10000.0,
    )
    return LineReaderConfig(symbols, LITE, text, formula_height=formula_height)


def line_reader_record(config: LineReaderConfig) -> Mapping[str, Any]:
    """The configuration as plain values, as stored in ``config.json``."""
    return {"model_type": LINE_READER, **asdict(config)}


LINE_HEIGHT = 32
"""Pixels; every line is scaled to this height."""

COLUMN = 4
"""Pixels of width per image token."""
