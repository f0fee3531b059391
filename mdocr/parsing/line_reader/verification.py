"""Drafts judged by the picture: which lines show what the text layer says, and whether it is sound.

A draft is scored by the CTC head alone: how much less likely its best alignment is than the
reader's own reading (``mdocr.decoding.ctc``). Nothing is generated, so a draft that stands costs
one pass of the encoder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from mdocr.decoding.choices import on_host
from mdocr.decoding.ctc import WILDCARD, Claim, Floats, greedy, log_softmax, shortfalls
from mdocr.decoding.requests import Request
from mdocr.inputs.text_layer import TextLayer
from mdocr.models.charset import Charset
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.drafts import (
    BOXES,
    Draft,
    DraftCharacter,
    drafts_of,
    is_leader,
    is_no_character,
    marked,
    text_of_draft,
    with_boxes,
    without_box,
)
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.leaders import without_leaders
from mdocr.parsing.line_reader.ligatures import with_ligatures
from mdocr.parsing.line_reader.noise import jumbled_share
from mdocr.parsing.line_reader.questions import Question
from mdocr.parsing.line_reader.views import View
from mdocr.parsing.page_model import LineModel, PageModel
from mdocr.parsing.texts import Text

FAR, FARTHER = 9.0, 0.06
"""Shortfall, in nats for the line and for each of its characters, up to which a line speaks for the
layer: of 432 lines of made pages one in a hundred lies beyond, and 99 in a hundred of those with
one wrong letter."""

CLEAR, CLEARER, EACH = 30.0, 0.1, 7.0
"""The same up to which a draft stands in a sound layer, where a single letter is rather misread;
and for each character of a short line."""

MOST_UNKNOWN = 0.5
"""Share of a draft's letters that the reader does not know above which it cannot be scored."""

FEWER, MORE, SHORT = 0.25, 3.0, 6
"""Characters that the reader sees where the draft has one, for a script that it does not know; and
the length of drafts that are too short to say."""

SURE = 0.9
"""Mean peak of a reading that is no guess at a script that the reader does not know."""

JUMBLED = 0.4
"""Share of the words of a reading that mix letters as no language does, above which it is such a
guess, however sure."""

SOUND = 0.25
"""Share of the characters in refused lines from which a whole layer is not believed."""

REFUTING, REFUTING_UNKNOWN = 0.9, 0.95
"""Confidence of a reading that is believed against a sound layer; and against a line of it in a
script that the reader does not know, of which it reads lookalikes."""

TYPED = 0.8
"""Share of the lines of a page that are monospace above which that says nothing of a line."""

LEAST_LINES = 2
"""Refused lines without which it is."""

SAME = str.maketrans(
    {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2010": "-", "\u2011": "-", "\u2012": "–",
     "\u2015": "—", "ʼ": "’", "′": "’", "″": "”", "∙": "·", "⋅": "·", "∗": "*", "∼": "~",
     "Δ": "∆", "μ": "µ", "Π": "∏", "Σ": "∑", "ϵ": "ε", "ϕ": "φ", "☒": "☑", "❑": "□",
     "˜": "~", "ˆ": "^"}
)  # fmt: skip
"""Characters that look like one that the reader knows."""

_ALIKE = frozenset("-–—−‐‑'’‘`´′\"“”″.•·●○▪■□") | BOXES.keys()
"""Signs that are taken for one another, or run into one another."""

BULLET = "•"

_OPTIONAL = frozenset(" .'’‘`´\"_") | BOXES.keys()
"""Signs that a picture may show fewer of: leaders, quotation marks of two strokes, and
underscores below its line."""


class Drafts:
    """The drafts of a view, and those among them that stand.

    Args:
        view: of the page.
        parser: a reader of lines; one that cannot tell how well a text fits verifies nothing.
        options: how to read.
        layer: the text layer; None for no drafts.

    Attributes:
        texts: of the lines whose drafts stand.
        judged: what the picture says of each draft.
        are_believed: whether the layer is sound; if it is not, no draft stands.
    """

    def __init__(
        self, view: View, parser: PageModel, options: ParseOptions, layer: TextLayer | None
    ) -> None:
        self.parser, self.options = parser, options
        self.drafts = drafts_of(view, layer) if layer else {}
        self.texts: dict[Row, Text] = {}
        self.judged: dict[Row, Judgement] = {}
        self.are_believed = True
        self._encoded: dict[int, Request] = {}  # of the pieces of lines that are still to be read

    def verify(
        self,
        asked: Mapping[Row, Sequence[Question]],
        boxes: Mapping[Row, str],
        inner: Mapping[Row, Sequence[tuple[str, float]]],
    ) -> dict[Row, str]:
        """Judges the drafts of lines.

        Args:
            asked: the pieces of the lines, behind the boxes to be ticked at their start.
            boxes: signs of those boxes.
            inner: signs of the boxes in lines, with their middles in pixels of the view.

        Returns:
            The signs of boxes that are fields of a form: the file knows which are ticked.
        """
        ticked: dict[Row, str] = {}
        for row in boxes:
            if boxes[row] and row in self.drafts and row not in self.judged:
                sign, self.drafts[row] = without_box(self.drafts[row])
                ticked |= {row: sign} if sign else {}
        for row in inner.keys() & self.drafts.keys() - self.judged.keys():
            self.drafts[row] = with_boxes(self.drafts[row], inner[row])
        fresh = {row: self.drafts[row] for row in asked if asked[row] and self.drafts.get(row)}
        leaders = [row for row, draft in fresh.items() if is_leader(draft)]
        self.texts |= {row: Text("", (1.0,), source="text-layer") for row in leaders}
        fresh = {row: draft for row, draft in fresh.items() if row not in leaders}
        ticked |= dict.fromkeys(leaders, "")
        if fresh and self.options.text_layer == "trust":
            self.texts |= {row: _text_of(draft, 1.0) for row, draft in fresh.items()}
        elif fresh and self.are_believed and isinstance(self.parser, LineModel):
            self._judge(self.parser, fresh, asked)
        return ticked

    def encoded(self, question: Question) -> Question:
        """A piece of a line; if it was judged, as it was encoded for that."""
        request = self._encoded.get(question.number)
        return question if request is None else replace(question, make=lambda: request)

    def against(self, row: Row, read: Text) -> Text:
        """The better of what was read of a line and its refused draft, if the layer is sound.

        A reading that is unsure itself refutes nothing, nor does one of the same letters.
        """
        one = self.judged.get(row)
        if not self.are_believed or one is None or one.verdict is not Verdict.REFUSED:
            return read
        draft = _text_of(self.drafts[row], one.confidence)
        least = REFUTING_UNKNOWN if one.is_unknown else REFUTING
        is_same = draft.content.casefold() == read.content.casefold()  # small capitals
        return draft if is_same or read.confidence < least else read

    def marked(self, row: Row, *, emphasis: bool) -> str:
        """A line that stands, with what the file knows besides letters."""
        return marked(self.drafts[row], emphasis=emphasis and self.options.emphasis)

    def is_typed(self, row: Row) -> bool:
        """Whether a line stands and all of it is monospace: what is typed, and no formula."""
        draft = self.drafts.get(row, ()) if row in self.texts else ()
        letters = [one for one in draft if one.text != " "]
        return bool(letters) and all(one.look.monospace for one in letters)

    def are_typed(self, rows: Iterable[Row]) -> bool:
        """The same of all lines of a block that stand, on a page most of which is not typed."""
        rows = [row for row in rows if row in self.texts]
        lines = sum(map(self.is_typed, self.texts))
        return bool(rows) and all(map(self.is_typed, rows)) and lines < TYPED * len(self.texts)

    def letter_size(self, rows: Iterable[Row]) -> float:
        """Median size of the letters of lines that stand, a share of the page's height; else 0."""
        drafts = [self.drafts[row] for row in rows if row in self.texts and row in self.drafts]
        sizes = [one.size for draft in drafts for one in draft if one.size and not one.script]
        return float(np.median(sizes)) if sizes else 0.0

    def _judge(
        self, parser: LineModel, fresh: Mapping[Row, Draft], asked: Mapping[Row, Sequence[Question]]
    ) -> None:
        pieces = [question for row in fresh for question in asked[row]]
        requests = parser.encoded([question.make() for question in pieces])
        self._encoded = {one.number: each for one, each in zip(pieces, requests, strict=True)}
        frames = {row: self._frames(asked[row], parser.charset) for row in fresh}
        fresh = {row: _mended(fresh[row], frames[row], parser.charset) for row in fresh}
        self.drafts |= fresh
        self.judged = judge(fresh, frames, parser.charset)
        self.are_believed = is_sound(list(self.judged.values()))
        if not self.are_believed:
            self.texts = {}
            return
        for row, one in self.judged.items():
            if one.verdict is not Verdict.REFUSED:
                self.texts[row] = _text_of(fresh[row], one.confidence)
                for question in asked[row]:
                    del self._encoded[question.number]

    def _frames(self, pieces: Sequence[Question], charset: Charset) -> Floats:
        """CTC log-probabilities of a line [P, characters + 1]."""
        encoded = [self._encoded[one.number].picture for one in pieces]
        frames = np.concatenate([log_softmax(on_host(one.ctc_logits)) for one in encoded])
        return without_leaders(frames, charset)


def _text_of(draft: Draft, confidence: float) -> Text:
    content = text_of_draft(draft)
    return Text(content, (confidence,) * len(content), source="text-layer")


class Verdict(Enum):
    """What the picture says of a draft."""

    STANDS = "stands"
    DOUBTED = "doubted"
    """It stands if the layer is sound by its other lines."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Judgement:
    """A draft that was judged.

    Attributes:
        verdict: what the picture says.
        length: characters of the draft.
        shortfall: in nats.
        is_unknown: whether the reader does not know its script.
    """

    verdict: Verdict
    length: int
    shortfall: float
    is_unknown: bool = False

    @property
    def confidence(self) -> float:
        """1 for what the reader reads too, and less the farther it is from that; above one half."""
        return 0.5 + 0.5 * float(np.exp(-self.shortfall / (FAR + FARTHER * self.length)))


def judge(
    drafts: Mapping[Row, Draft], frames: Mapping[Row, Floats], charset: Charset
) -> dict[Row, Judgement]:
    """Judges the drafts of lines.

    Args:
        drafts: one or more, none of them empty.
        frames: CTC log-probabilities of their pictures.
        charset: of the reader.
    """
    rows = list(drafts)
    claims = [claim_of(drafts[row], charset) for row in rows]
    found = shortfalls([frames[row] for row in rows], claims)
    return {
        row: _judgement(drafts[row], frames[row], float(shortfall), charset)
        for row, shortfall in zip(rows, found, strict=True)
    }


def _mended(draft: Draft, frames: Floats, charset: Charset) -> Draft:
    """A draft with what its fonts do not say, and its picture shows: a bullet, ligatures."""
    return with_ligatures(with_bullet(draft, frames, charset), frames, charset)


def with_bullet(draft: Draft, frames: Floats, charset: Charset) -> Draft:
    """A draft that begins with a glyph without a character, which the picture shows as a bullet.

    Whether it is one, or a letter, is told by what the reader sees first of the text: the second
    letter of the draft, or another one.
    """
    rest = draft[1:]
    if not is_no_character(draft[0].text) or any(is_no_character(one.text) for one in rest):
        return draft
    first = next((one.text for one in rest if one.text.isalnum()), "")
    read = charset.decode(run.token for run in greedy(frames))
    seen = next((letter for letter in read if letter.isalnum()), "")
    return (replace(draft[0], text=BULLET), *rest) if first and first == seen else draft


def is_sound(judged: Sequence[Judgement]) -> bool:
    """Whether a layer is believed where it was not refused."""
    refused = [one for one in judged if one.verdict is not Verdict.STANDS]
    total = sum(one.length for one in judged)
    share = sum(one.length for one in refused) / max(total, 1)
    return len(refused) < LEAST_LINES or share < SOUND


def claim_of(draft: Draft, charset: Charset) -> Claim:
    """A draft in the reader's classes."""
    texts = [one.text.translate(SAME) for one in draft]
    vague = [_is_vague(one) for one in draft]
    classes = [
        WILDCARD if is_vague else known
        for known, is_vague in zip(_classes(draft, charset), vague, strict=True)
    ]
    optional = [text in _OPTIONAL for text in texts]
    if len(texts) >= SHORT:  # a bullet that is drawn, or a rule at the side
        classes, optional = [WILDCARD, *classes, WILDCARD], [True, *optional, True]
    (space,) = charset.encode([" "]) or (0,)
    return Claim(tuple(classes), tuple(optional), space)


def _is_vague(one: DraftCharacter) -> bool:
    """Whether it looks like others, and is not worth a doubt."""
    return bool(one.script) or one.text in _ALIKE


def _classes(draft: Draft, charset: Charset) -> list[int]:
    """The classes of the characters; Greek letters are known as signs, not in running text."""
    texts = [one.text.translate(SAME) for one in draft]
    letters = [text for text in texts if text.isalpha()]
    is_greek = 2 * sum(map(_is_greek, letters)) > len(letters) >= SHORT
    known = [[] if is_greek and _is_greek(text) else charset.encode([text]) for text in texts]
    return [found[0] if found else WILDCARD for found in known]


def _is_greek(text: str) -> bool:
    return bool(text) and ("\u0370" <= text[0] <= "\u03ff" or "\u1f00" <= text[0] <= "\u1fff")


def _judgement(draft: Draft, frames: Floats, shortfall: float, charset: Charset) -> Judgement:
    length = sum(1 for one in draft if one.text != " ")
    if any(is_no_character(one.text) for one in draft):
        return Judgement(Verdict.REFUSED, length, shortfall)
    bar = FAR + FARTHER * length
    clear = max(bar, min(CLEAR + CLEARER * length, EACH * length))
    unknown = _classes(draft, charset).count(WILDCARD)
    if unknown > MOST_UNKNOWN * length and not _may_be_unknown(frames, length, charset):
        return Judgement(Verdict.REFUSED, length, shortfall, is_unknown=True)
    if shortfall > clear:
        return Judgement(Verdict.REFUSED, length, shortfall)
    return Judgement(Verdict.STANDS if shortfall <= bar else Verdict.DOUBTED, length, shortfall)


def _may_be_unknown(frames: Floats, length: int, charset: Charset) -> bool:
    """Whether a picture shows about so many characters, which the reader only guesses at."""
    seen = greedy(frames)
    sure = float(np.exp([run.peak for run in seen]).sum()) / max(len(seen), 1)
    is_as_long = FEWER * length <= len(seen) <= MORE * length or length < SHORT
    if not is_as_long or sure < SURE or len(seen) < SHORT:
        return is_as_long
    read = charset.decode(run.token for run in seen)
    return jumbled_share([read], fewest=1) > JUMBLED
