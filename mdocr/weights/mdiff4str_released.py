"""Reads the published MDiff4STR checkpoints (``.pth``) into our configuration and key names.

Such a file is ``{state_dict, config, epoch, ...}`` written by ``torch.save``, so it is a pickle. It
is read with ``weights_only=True``: a file that holds anything but tensors and plain values is
refused, and none of its code is run.
"""

import logging
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mdocr.errors import WeightsError
from mdocr.models import charset as charsets
from mdocr.models.alignment import position_codes
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig
from mdocr.weights import cache
from mdocr.weights.configuration import checked
from mdocr.weights.keys import build, require_same

logger = logging.getLogger(__name__)

ENGLISH_ROWS = len(charsets.ENGLISH) + 3
"""Rows of the embedding: EOS, the characters, MASK, PAD."""

CHINESE_KEYS = 6623
CHINESE_ROWS = CHINESE_KEYS + 3

EMBEDDING = "decoder.embedding.embedding.weight"
POSITION_CODES = "decoder.positional_encoding.pe"

PUBLISHED = "Give a best.pth from the hub repository topdu/MDiff4STR."
"""What to do with a file that is not like the published ones."""

_RENAMED = (
    ("encoder.stem.", "encoder.pope.patch_embed."),
    ("decoder.embedding.", "decoder.embedding.embedding."),
    ("decoder.layers.", "decoder.decoder."),
    ("decoder.head.", "decoder.tgt_word_prj."),
)
"""Our prefix, and theirs."""

_BLOCK = re.compile(r"(encoder\.stages\.)(\d+)(\.blocks\.)(\d+)(\..*)")


def load_released(path: Path) -> tuple[MDiff4STRConfig, dict[str, Tensor]]:
    """Reads a published checkpoint.

    Returns:
        The configuration, and the tensors under our names, as ``MDiff4STR`` takes them.

    Raises:
        WeightsError: the file is damaged, holds code, is of another model, or needs the Chinese
            list of keys, which is neither beside it nor in the cache.
    """
    checkpoint = _unpickle(path)
    state, published = checkpoint.get("state_dict"), checkpoint.get("config")
    if not isinstance(state, Mapping) or not isinstance(published, Mapping):
        raise WeightsError(
            f"{path} is not a published MDiff4STR checkpoint: it has no 'state_dict' and 'config'",
            PUBLISHED,
        )
    if not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise WeightsError(
            f"{path}: its 'state_dict' holds something that is not a tensor", PUBLISHED
        )
    config = read_config(published, _symbols(state, path), path)
    return config, rename(state, config, published, path)


def read_config(published: Mapping[str, Any], symbols: str, path: Path) -> MDiff4STRConfig:
    """Our configuration, from the one inside a published checkpoint.

    Args:
        published: the value of ``config`` in the file.
        symbols: the charset.
        path: named in errors.

    Raises:
        WeightsError: a setting is missing, has no meaning, or is of another architecture.
    """
    try:
        encoder = published["Architecture"]["Encoder"]
        decoder = published["Architecture"]["Decoder"]
        if encoder.get("use_pos_embed") or encoder.get("last_stage"):
            raise WeightsError(
                f"{path}: encoders with 'use_pos_embed' or 'last_stage' are not supported",
                PUBLISHED,
            )
        config = MDiff4STRConfig(
            EncoderConfig(
                dims=tuple(encoder["dims"]),
                depths=tuple(encoder["depths"]),
                heads=tuple(encoder["num_heads"]),
                convolutions=tuple(_convolutions(mixers, path) for mixers in encoder["mixer"]),
                strides=tuple(tuple(stride) for stride in encoder["sub_k"][:-1]),
            ),
            DecoderConfig(decoder["num_decoder_layers"], decoder["nhead"], decoder["max_len"]),
            symbols,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{path}: its 'config' lacks a setting, or one makes no sense: {error}",
            PUBLISHED,
        ) from error
    return checked(config, path)


def released_key(key: str, flattened: Mapping[int, int]) -> str:
    """The name in a published checkpoint of the tensor that we call ``key``.

    Args:
        key: a key of ``MDiff4STR.state_dict()``.
        flattened: for each stage that has one, the block before which the published encoder has a
            layer without tensors; that layer is counted, so later blocks have a higher number.
    """
    for ours, theirs in _RENAMED:
        if key.startswith(ours):
            return theirs + key.removeprefix(ours)
    block = _BLOCK.fullmatch(key)
    if not block:
        return key
    stage, number = int(block[2]), int(block[4])
    number += number >= flattened.get(stage, number + 1)
    return f"{block[1]}{stage}{block[3]}{number}{block[5]}"


def flattened_blocks(published: Mapping[str, Any]) -> dict[int, int]:
    """Stage → number of its ``FGlobal`` block, which follows a flattening layer."""
    mixers = published["Architecture"]["Encoder"]["mixer"]
    return {stage: row.index("FGlobal") for stage, row in enumerate(mixers) if "FGlobal" in row}


def rename(
    state: Mapping[str, Tensor], config: MDiff4STRConfig, published: Mapping[str, Any], path: Path
) -> dict[str, Tensor]:
    """The tensors of a published checkpoint under our names, exactly those that we need.

    Raises:
        WeightsError: keys are missing, unknown or of another shape; it gives their published names.
    """
    flattened = flattened_blocks(published)
    ours = build(config).state_dict()
    theirs = {released_key(key, flattened): key for key in ours}
    shapes = {released: ours[key].shape for released, key in theirs.items()}
    require_same(shapes, {k: v.shape for k, v in state.items() if k != POSITION_CODES}, path)
    _require_position_codes(state, config, path)
    return {key: state[released] for released, key in theirs.items()}


def chinese_symbols(path: Path) -> str:
    """The Chinese charset, from the list of keys beside ``path`` or in the cache.

    Raises:
        WeightsError: there is no list, or it is not the one that the models were trained with.
    """
    for keys in (path.parent / cache.CHARSET_FILE, cache.charset_path()):
        if not keys.is_file():
            continue
        if not cache.has_sha256(keys, cache.CHARSET_SHA256):
            raise WeightsError(
                f"{keys} is not the list of {CHINESE_KEYS} keys that the model was trained with",
                "Remove it and run: mdocr models download mdiff4str-base-ch",
            )
        return "".join(keys.read_text("utf-8").rstrip("\n").split("\n"))
    raise WeightsError(
        f"{path} is a Chinese model, and its list of keys {cache.CHARSET_FILE} is missing",
        f"Put it beside the checkpoint or to {cache.charset_path()}, "
        "or run: mdocr models download mdiff4str-base-ch",
    )


def _unpickle(path: Path) -> Mapping[str, Any]:
    try:
        loaded = _torch_load(path)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} was refused: it is damaged, or holds objects other than tensors and plain "
            "values, which could run code",
            "Use a checkpoint from a source you trust, saved as safetensors or as plain tensors.",
        ) from error
    except Exception as error:  # a damaged file can fail in any way
        logger.debug("reading %s failed", path, exc_info=True)
        raise WeightsError(
            f"{path} cannot be read: it is damaged or incomplete", "Download or copy it again."
        ) from error
    if not isinstance(loaded, Mapping):
        raise WeightsError(
            f"{path} is not a checkpoint: it holds a {type(loaded).__name__}", PUBLISHED
        )
    return loaded


def _torch_load(path: Path) -> Any:
    """Maps the file into memory where its format allows; an older format is read."""
    if zipfile.is_zipfile(path):
        _refuse_compression(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the pickle's protocol: the result is checked
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError as error:
            if "mmap" not in str(error):
                raise
            return torch.load(path, map_location="cpu", weights_only=True)


def _refuse_compression(path: Path) -> None:
    """``torch.save`` compresses nothing; what is compressed could be of any size when read."""
    with zipfile.ZipFile(path) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise pickle.UnpicklingError("a compressed entry")


def _symbols(state: Mapping[str, Tensor], path: Path) -> str:
    if EMBEDDING not in state:
        raise WeightsError(
            f"{path} lacks the key {EMBEDDING}; it is not an MDiff4STR checkpoint", PUBLISHED
        )
    rows = state[EMBEDDING].shape[0]
    if rows == ENGLISH_ROWS:
        return charsets.ENGLISH
    if rows == CHINESE_ROWS:
        return chinese_symbols(path)
    raise WeightsError(
        f"{path} has {rows} classes; a published model has {ENGLISH_ROWS} (English) "
        f"or {CHINESE_ROWS} (Chinese)",
        "Models with another charset are read from safetensors checkpoints that mdocr has written.",
    )


def _convolutions(mixers: list[str], path: Path) -> int:
    count = sum(mixer == "Conv" for mixer in mixers)
    known = set(mixers) <= {"Conv", "FGlobal", "Global"}
    if not known or "Conv" in mixers[count:]:
        raise WeightsError(
            f"{path}: its encoder has a stage with unknown mixers {mixers}", PUBLISHED
        )
    return count


def _require_position_codes(
    state: Mapping[str, Tensor], config: MDiff4STRConfig, path: Path
) -> None:
    """The published codes are not kept, because we compute the same ones."""
    if POSITION_CODES not in state:
        return
    length = config.decoder.max_length + 1
    codes = position_codes(torch.arange(length), config.encoder.dims[-1])[None]
    published = state[POSITION_CODES][:, :length].float()
    if published.shape != codes.shape or not torch.allclose(published, codes, atol=1e-4):
        raise WeightsError(
            f"{path}: its position codes ({POSITION_CODES}) are not the usual ones", PUBLISHED
        )
