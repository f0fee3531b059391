"""Extends a line reader to formulas: keeps its weights, adds those of new characters."""

from dataclasses import replace

import torch
from torch import Tensor

from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import FORMULA_HEIGHT, LineReaderConfig
from mdocr.preprocessing.formula_notation import FORMULA_SYMBOLS


def with_formulas(model: LineReader) -> LineReader:
    """The model with the characters of formulas added; all trained weights are kept.

    A formula strip is twice as high as a line; initially its middle is projected like a line.
    """
    if model.config.formula_height:
        return model
    config = _widened(model.config)
    made = LineReader(config)
    weights = made.state_dict()
    tokens, letters = _old_rows(model.config, config)
    for name, known in model.state_dict().items():
        rows = letters if name.startswith("letters.") else tokens
        if weights[name].shape == known.shape:
            weights[name] = known
        else:
            weights[name][rows] = known
    weights["formula_projection.weight"] = _in_the_middle(known=model.projection.weight)
    weights["formula_projection.bias"] = model.projection.bias
    made.load_state_dict(weights)
    return made


def _widened(config: LineReaderConfig) -> LineReaderConfig:
    symbols = config.symbols + "".join(s for s in FORMULA_SYMBOLS if s not in config.symbols)
    wider = replace(config, symbols=symbols, formula_height=FORMULA_HEIGHT)
    return replace(wider, text=replace(config.text, vocab_size=wider.vocabulary))


def _old_rows(old: LineReaderConfig, new: LineReaderConfig) -> tuple[Tensor, Tensor]:
    """Rows of the old vocabulary, and of the CTC head, in the new ones."""
    kept = range(len(old.symbols) + 1)  # EOS or blank, then the characters, in their old order
    special = range(old.mask_token_id, old.vocabulary)
    moved = [index - old.mask_token_id + new.mask_token_id for index in special]
    return torch.tensor([*kept, *moved]), torch.tensor(kept)


def _in_the_middle(known: Tensor) -> Tensor:
    """The projection [D, 2·C] of a line's two rows, for the middle two of four [D, 4·C]."""
    half = torch.zeros_like(known).chunk(2, dim=1)[0]
    return torch.cat([half, known, half], dim=1)
