"""Generations to texts, and texts to the content of regions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

from mdocr.decoding.requests import BlockOptions, Generation
from mdocr.document.model import Block
from mdocr.document.words import Character
from mdocr.options import ParseOptions
from mdocr.parsing.guard import without_runaway
from mdocr.parsing.page_model import PageModel


@dataclass(frozen=True)
class Text:
    """A text that was read.

    Attributes:
        content: what it says.
        confidences: of its tokens, 0 to 1.
        steps: denoising steps.
        tokens: with confidence and step; empty unless asked for.
        notes: warnings for people.
        source: a name of ``TEXT_SOURCES``.
    """

    content: str = ""
    confidences: tuple[float, ...] = ()
    steps: int = 0
    tokens: tuple[Character, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = "read"

    @property
    def is_cut(self) -> bool:
        """Whether it went on beyond what was kept of it."""
        return bool(self.notes)

    @property
    def confidence(self) -> float:
        """Mean over the tokens; 0 for none."""
        return sum(self.confidences) / len(self.confidences) if self.confidences else 0.0


def text_of(made: Generation, parser: PageModel, longest: int, trace: bool) -> Text:
    """A generation as a text, a repetition at its end cut off.

    Args:
        made: what the model generated.
        parser: whose tokenizer decodes tokens.
        longest: maximum number of tokens of the generation.
        trace: keep the tokens.
    """
    kept, is_cut = without_runaway(made)
    content = parser.tokenizer.decode(kept.tokens) if is_cut and made.tokens else kept.text
    notes = []
    if is_cut:
        notes.append("a repetition at the end of a text was cut off")
    elif is_at_limit(made, longest):
        notes.append(f"a text was longer than {longest} tokens and is cut short")
    tokens = _characters(kept, parser) if trace else ()
    return Text(content.strip(), kept.confidences, made.passes, tokens, tuple(notes))


def is_at_limit(made: Generation, longest: int) -> bool:
    """Whether a generation ended because it may have no more tokens."""
    return made.truncated or len(made.tokens) >= longest


def joined(texts: Sequence[Text], content: str, joint: str = "") -> Text:
    """Several texts as one that reads ``content``; a ``joint`` stands between their tokens."""
    sources = {text.source for text in texts if text.content}
    return Text(
        content,
        tuple(chain.from_iterable(text.confidences for text in texts)),
        sum(text.steps for text in texts),
        _joined_tokens([text.tokens for text in texts if text.tokens], joint),
        tuple(chain.from_iterable(text.notes for text in texts)),
        sources.pop() if len(sources) == 1 else "both" if sources else "read",
    )


def _joined_tokens(parts: Sequence[tuple[Character, ...]], joint: str) -> tuple[Character, ...]:
    between = (Character(joint, 1.0, 0),) if joint else ()
    joints = chain([()], repeat(between))
    return tuple(one for before, part in zip(joints, parts, strict=False) for one in before + part)


def filled(block: Block, text: Text, form: str, trace: bool) -> Block:
    """A region with its text."""
    record = {
        **vars(block),
        "content": text.content,
        "format": form,
        "confidence": text.confidence,
        "steps": text.steps,
        "source": text.source,
    }
    made = Block(**record)
    return replace(made, tokens=text.tokens) if trace else made


def block_options(
    options: ParseOptions, target: str, block_length: int, longest: int = 0
) -> BlockOptions:
    """How the text of a target is denoised.

    Args:
        options: of the document.
        target: a name of ``PARSE_TARGETS``.
        block_length: of the model; used if the options have none.
        longest: maximum number of tokens; that of the options if 0.

    Raises:
        UsageError: more steps than tokens in a block.
    """
    return BlockOptions(
        threshold=options.threshold_of(target),
        block_length=options.block_length or block_length,
        steps=options.steps,
        max_tokens=longest or options.longest(target),
        revise=options.revise,
        acceptance=options.acceptance,
    )


def _characters(made: Generation, parser: PageModel) -> tuple[Character, ...]:
    decode = parser.tokenizer.decode
    proposed = made.proposed or ((),) * len(made.tokens)
    rows = zip(made.tokens, made.confidences, made.steps, proposed, strict=True)
    return tuple(
        Character(decode([token]), sure, step, tuple(decode([one]) for one in before))
        for token, sure, step, before in rows
    )
