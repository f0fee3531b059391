"""Decoded words as texts, with the confidence and step of each character."""

from mdocr.decoding.word_state import EOS, Decoding
from mdocr.document.words import Character, Word
from mdocr.models.charset import Charset


def words_of(decoding: Decoding, charset: Charset, model: str, decoder: str) -> list[Word]:
    """The words of a decoded batch, each up to its EOS."""
    confidences = decoding.confidences.tolist()
    steps, passes = decoding.steps.tolist(), decoding.passes.tolist()
    traces = [ids.tolist() for ids in decoding.trace]
    proposals = [ids.tolist() for ids in decoding.proposals]
    words = []
    for row, ids in enumerate(decoding.tokens.tolist()):
        end = ids.index(EOS) if EOS in ids else len(ids)
        text = [charset.symbols[index - 1] for index in ids[:end]]
        proposed = _proposed([ids[row] for ids in proposals], steps[row], charset)
        characters = tuple(map(Character, text, confidences[row], steps[row], proposed))
        confidence = sum(confidences[row][:end]) / max(end, 1)
        trace = tuple(_partial(ids[row], charset, end) for ids in traces[: passes[row]])
        if trace:
            trace = (*trace[:-1], "".join(text))  # the last pass also fills in what was left masked
        words.append(
            Word("", "".join(text), confidence, characters, model, decoder, passes[row], trace)
        )
    return words


def _proposed(passes: list[list[int]], steps: list[int], charset: Charset) -> list[tuple[str, ...]]:
    """What was likeliest at each position before the pass that decided it; nothing for an end."""
    symbols = ("", *charset.symbols)
    return [
        tuple(symbols[ids[at]] for ids in passes[: max(step - 1, 0)])
        for at, step in enumerate(steps)
    ]


def _partial(ids: list[int], charset: Charset, end: int) -> str:
    """An unfinished word, with ``_`` for masked positions before its final ``end``."""
    written = ids[: ids.index(EOS)] if EOS in ids else ids
    while len(written) > end and written[-1] == charset.mask_id:
        written = written[:-1]
    return "".join("_" if i == charset.mask_id else charset.symbols[i - 1] for i in written)
