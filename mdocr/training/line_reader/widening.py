"""More characters, and formulas, for a line reader: it keeps its weights, and gets more."""

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
    return _widened(model, FORMULA_SYMBOLS, FORMULA_HEIGHT)


def with_characters(model: LineReader, characters: str) -> LineReader:
    """The model with these characters added, if it lacks any; all trained weights are kept."""
    if set(characters) <= set(model.config.symbols):
        return model
    return _widened(model, characters, model.config.formula_height)


def with_characters_of(model: LineReader, other: LineReader) -> LineReader:
    """The model with the characters of another, and the other's weights of those it lacks."""
    wider = with_characters(model, other.config.symbols)
    if wider is model or wider.config != other.config:
        return wider
    tokens, letters = _old_rows(model.config, wider.config)
    weights, known = wider.state_dict(), model.state_dict()
    for name, theirs in other.state_dict().items():
        if known[name].shape != theirs.shape:
            rows = letters if name.startswith("letters.") else tokens
            weights[name] = theirs.clone().index_copy(0, rows, known[name])
    wider.load_state_dict(weights)
    return wider


def _widened(model: LineReader, characters: str, formula_height: int) -> LineReader:
    old = model.config
    new = "".join(dict.fromkeys(symbol for symbol in characters if symbol not in old.symbols))
    wider = replace(old, symbols=old.symbols + new, formula_height=formula_height)
    config = replace(wider, text=replace(old.text, vocab_size=wider.vocabulary))
    made = LineReader(config)
    weights = made.state_dict()
    tokens, letters = _old_rows(old, config)
    for name, known in model.state_dict().items():
        rows = letters if name.startswith("letters.") else tokens
        if weights[name].shape == known.shape:
            weights[name] = known
        else:
            weights[name][rows] = known
    if formula_height != old.formula_height:
        weights["formula_projection.weight"] = _in_the_middle(known=model.projection.weight)
        weights["formula_projection.bias"] = model.projection.bias
    made.load_state_dict(weights)
    return made


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
