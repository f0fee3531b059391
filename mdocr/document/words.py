"""A recognised word and its characters."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Character:
    """One recognised character.

    Attributes:
        text: the character.
        confidence: probability given by the model, 0 to 1.
        step: denoising step at which it was committed, from 1; 0 if it is of a draft.
        proposed: what the steps before took for likeliest in its place; empty unless a trace was
            asked for.
    """

    text: str
    confidence: float
    step: int
    proposed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The character as a record of JSON."""
        record: dict[str, Any] = {
            "text": self.text,
            "confidence": round(self.confidence, 5),
            "step": self.step,
        }
        return {**record, "proposed": list(self.proposed)} if self.proposed else record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Character":
        """The inverse of ``to_dict``."""
        return cls(**{**record, "proposed": tuple(record.get("proposed", ()))})


@dataclass(frozen=True)
class Word:
    """The text of one cropped word picture.

    Attributes:
        path: where the picture came from; empty for a picture held in memory.
        text: the recognised text, possibly empty.
        confidence: mean confidence of the characters, 0 to 1; 0 for an empty text.
        characters: one entry per character of ``text``.
        model: name of the model that read it.
        decoder: name of the decoding strategy.
        steps: number of passes through the decoder.
        trace: the text after each pass, ``_`` where a position is still masked; empty unless asked
            for.
        draft: what another has read, if that was verified: ``text`` is the same where it stands.
        draft_confidence: mean probability that the model gives its characters, 0 to 1.
    """

    path: str
    text: str
    confidence: float
    characters: tuple[Character, ...]
    model: str
    decoder: str
    steps: int
    trace: tuple[str, ...] = ()
    draft: str | None = None
    draft_confidence: float = 0.0

    @property
    def is_changed(self) -> bool:
        """Whether the text is not that of a draft."""
        return self.text != self.draft

    def to_dict(self) -> dict[str, Any]:
        """The word in the form of the ``mdocr.words/1`` schema."""
        record: dict[str, Any] = {
            "path": self.path,
            "text": self.text,
            "confidence": round(self.confidence, 5),
            "characters": [character.to_dict() for character in self.characters],
            "model": self.model,
            "decoder": self.decoder,
            "steps": self.steps,
        }
        if self.draft is not None:
            record["draft"] = self.draft
            record["draft_confidence"] = round(self.draft_confidence, 5)
        if self.trace:
            record["trace"] = list(self.trace)
        return record
