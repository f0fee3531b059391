"""Sizes and special tokens of the page models. Free of torch, as all configurations are."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from mdocr.errors import WeightsError
from mdocr.models.cache_shape import CacheShape
from mdocr.models.charset import Charset
from mdocr.models.mdiff4str_config import LITE, EncoderConfig

LINE_READER = "mdocr_line_reader"
"""``model_type`` in the ``config.json`` of a line reader."""

FORMULA_HEIGHT = 64
"""Pixels; every formula is put on a strip of this height."""

FORMULA_PROMPTS = ("formula", "equation")
"""Two names of one task."""

Grid = tuple[int, int]
"""Rows and columns of patches of one picture."""


@dataclass(frozen=True)
class SDARConfig:
    """Sizes of the language model; names as in the released ``config.json``.

    Attributes:
        vocab_size: tokens, special ones included.
        hidden_size: width.
        intermediate_size: width of the MLP's hidden layer.
        num_hidden_layers: layers.
        num_attention_heads: query heads.
        num_key_value_heads: key-value heads.
        head_dim: width of a head.
        rope_theta: base of the rotary wavelengths.
        rms_norm_eps: added to the variance in norms.
        attention_bias: biases in the attention's linear layers.
    """

    vocab_size: int = 151936
    hidden_size: int = 2048
    intermediate_size: int = 6144
    num_hidden_layers: int = 28
    num_attention_heads: int = 16
    num_key_value_heads: int = 8
    head_dim: int = 128
    rope_theta: float = 1000000.0
    rms_norm_eps: float = 1e-6
    attention_bias: bool = False

    @property
    def cache_shape(self) -> CacheShape:
        """What a cache of keys and values must know."""
        return CacheShape(self.num_hidden_layers, self.num_key_value_heads, self.head_dim)


@dataclass(frozen=True)
class VisionConfig:
    """Sizes of the vision tower; names as in the released ``config.json``.

    Attributes:
        depth: transformer blocks.
        embed_dim: width.
        num_heads: attention heads.
        mlp_ratio: width of the MLP's hidden layer, in widths.
        patch_size: edge of a patch in pixels.
        temporal_patch_size: frames in a patch.
        spatial_merge_size: patches along the edge of one token.
        in_channels: colours.
    """

    depth: int = 32
    embed_dim: int = 1280
    num_heads: int = 16
    mlp_ratio: float = 4
    patch_size: int = 14
    temporal_patch_size: int = 2
    spatial_merge_size: int = 2
    in_channels: int = 3

    @property
    def patch_pixels(self) -> int:
        """Numbers of a patch."""
        return self.in_channels * self.temporal_patch_size * self.patch_size**2


Section = TypeVar("Section", VisionConfig, SDARConfig)


@dataclass(frozen=True)
class MinerUDiffusionConfig:
    """Sizes and special tokens; names as in the released ``config.json``.

    Attributes:
        text_config: the language model.
        vision_config: the vision tower.
        image_token_id: stands where a picture's features go.
        mask_token_id: a token that is not yet known.
    """

    text_config: SDARConfig = field(default_factory=SDARConfig)
    vision_config: VisionConfig = field(default_factory=VisionConfig)
    image_token_id: int = 151655
    mask_token_id: int = 151669
    reads_formulas: ClassVar[bool] = True

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "MinerUDiffusionConfig":
        """Reads the content of a ``config.json``, in either spelling of its sections.

        Raises:
            WeightsError: it asks for something that this model does not have.
        """
        text = record.get("text_config") or record.get("language_model_config") or {}
        vision = record.get("vision_config") or record.get("vision_model_config") or {}
        _check(record, "model_type", "mineru_diffusion")
        _check(record, "vision_projector_type", "patch_merger2x")
        _check(text, "hidden_act", "silu")
        _check(text, "rope_scaling", None)
        _check(vision, "model_type", "qwen2_vl")
        _check(vision, "hidden_act", "quick_gelu")
        ids = {k: record[k] for k in ("image_token_id", "mask_token_id") if k in record}
        return cls(_section(SDARConfig, text), _section(VisionConfig, vision), **ids)


def _check(record: Mapping[str, Any], key: str, supported: str | None) -> None:
    if record.get(key, supported) != supported:
        raise WeightsError(
            f"config.json: {key} is {record[key]!r}; this model supports {supported!r} only",
            "Use a folder of the released layout of MinerU-Diffusion.",
        )


def _section(kind: type[Section], record: Mapping[str, Any]) -> Section:
    return kind(**{f.name: record[f.name] for f in fields(kind) if record.get(f.name) is not None})


@dataclass(frozen=True)
class LineReaderConfig:
    """Sizes and characters.

    Attributes:
        symbols: characters in the order of their ids.
        encoder: the vision tower.
        text: the language model; its vocabulary is that of ``symbols`` and six special tokens.
        tasks: names of the tokens that end a prompt and say what is to be read.
        formula_height: of the strips that formulas stand on, in pixels; 0: it reads none.
    """

    symbols: str
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    text: SDARConfig = field(default_factory=SDARConfig)
    tasks: tuple[str, ...] = ("text", "formula", "table")
    formula_height: int = 0

    @property
    def reads_formulas(self) -> bool:
        """Whether it knows the task "formula"."""
        return self.formula_height > 0

    @property
    def charset(self) -> Charset:
        """Characters; EOS is 0, MASK and PAD follow them."""
        return Charset(self.symbols)

    @property
    def mask_token_id(self) -> int:
        """A character that is not yet known."""
        return self.charset.mask_id

    @property
    def image_token_id(self) -> int:
        """Stands where a picture token goes."""
        return self.charset.pad_id

    def task_id(self, task: str) -> int:
        """The token that ends the prompt of a task."""
        return self.charset.pad_id + 1 + self.tasks.index(task)

    @property
    def vocabulary(self) -> int:
        """Number of tokens, special ones included."""
        return self.charset.pad_id + 1 + len(self.tasks)


def lite_line_reader(symbols: str, formula_height: int = 0) -> LineReaderConfig:
    """The line reader inside the package."""
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
    """The configuration as plain values, for a ``config.json``."""
    return {"model_type": LINE_READER, **asdict(config)}
