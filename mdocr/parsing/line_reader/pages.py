"""Pages read by the line reader: layout by image analysis, then every line, then formulas.

A page that was read with doubt is tried in the other directions, and so are parts of it
(``mdocr.parsing.line_reader.upright``):

    lines → other directions → the rest of the surest → parts in other directions → their rest
          → what is written on pictures
"""

from dataclasses import replace

import numpy as np
from PIL import Image

from mdocr.decoding.requests import Generation
from mdocr.document.model import Block, Box, LayerUse, Unread
from mdocr.document.turns import moved_block, turned
from mdocr.errors import MdocrError, UsageError
from mdocr.fragments.faint_ink import with_faint_ink
from mdocr.fragments.keystone import flatten_by_letters
from mdocr.fragments.squared_paper import without_squares
from mdocr.inputs.page_picture import PagePicture
from mdocr.options import ParseOptions
from mdocr.parsing import crops
from mdocr.parsing.drawing import draw_layout
from mdocr.parsing.line_reader import upright
from mdocr.parsing.line_reader.covers import covered, lying_over
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.initials import moved
from mdocr.parsing.line_reader.large_words import large_view, with_large_words
from mdocr.parsing.line_reader.lists import as_lists
from mdocr.parsing.line_reader.noise import (
    doubtful_words,
    is_foreign,
    is_noise,
    mean_confidence,
    too_jumbled,
    unread_share,
)
from mdocr.parsing.line_reader.programs import find_programs
from mdocr.parsing.line_reader.questions import BLOCK_LENGTH, Question
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.line_reader.trials import Trial, trials_of
from mdocr.parsing.line_reader.twins import settle_twins
from mdocr.parsing.line_reader.verification import Verdict
from mdocr.parsing.line_reader.views import WHOLE, View, view_of
from mdocr.parsing.line_reader.written_pictures import with_writing
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.page_work import Job, Key, PageWork, failure_of
from mdocr.parsing.texts import Text, block_options
from mdocr.preprocessing.initials import with_initials_in_line
from mdocr.preprocessing.overlays import without_overlays
from mdocr.preprocessing.perspective import flatten

BATCH = 32
"""Concurrent lines, if no other number is asked for."""

ADVICE = (
    "its script may be none that this model knows, or the picture is poor. "
    "The released model (--model mineru-diffusion) knows Chinese too."
)

MIRRORED = (
    "it seems to be seen in a mirror, and makes no sense so: flip the picture, and read it again"
)

UNREAD = 0.33
"""Share of a page's characters in lines not taken for text above which its script is likely none
that the reader knows."""

SHOWN = 5
"""Doubtful words of a page that are told, at most."""

LEAST_PART = upright.SURE - upright.MARGIN
"""Confidence that a part of a page has to exceed, by the margin, to be read turned."""

SURE = 0.985
"""Mean confidence of a page from which words that mix letters are rather those of a program."""

SMALL = 10
"""Height of most lines in pixels, from the foot of a g to the top of an l, below which many letters
are misread, however surely."""

KEPT = 0.6
"""Share of the letters that a page must still have when it is turned."""

MARGIN = 0.1
"""Share of the page's width at its sides in which a single turned line is a note in the margin."""


class LinePageReader:
    """Opens pages for the line reader."""

    def __init__(self, parser: PageModel, options: ParseOptions) -> None:
        self.parser = parser
        self.options = options
        self.batch_size = options.batch_size or BATCH
        if options.draft in ("lite", "text-layer"):
            raise UsageError(
                f"the lite model takes no draft {options.draft!r}",
                "It verifies the text layer anyway. Use --draft auto, or a large --model.",
            )
        block_options(options, "text", BLOCK_LENGTH)  # refuses invalid options before a page

    def open(self, key: Key, sheet: PagePicture) -> "LinePage":
        """A page with its layout, ready to ask for its lines."""
        return LinePage(key, sheet, self)


class LinePage(PageWork):
    """A page in flight.

    Attributes:
        reading: the page as it lies, and, once that is known, as it is upright.
        parts: parts of it that are read turned, and where they are.
    """

    def __init__(self, key: Key, sheet: PagePicture, reader: LinePageReader) -> None:
        given = np.asarray(sheet.picture)
        self._flattened = None if sheet.text else flatten(given) or flatten_by_letters(given)
        given = self._flattened.pixels if self._flattened else given
        picture, self._overlays = without_overlays(without_squares(given))
        picture = with_faint_ink(picture)
        self.pixels, initials = with_initials_in_line(picture)
        super().__init__(key, replace(sheet, text=moved(sheet.text, initials, picture.shape)))
        self._shown = Image.fromarray(given) if self._flattened else sheet.picture
        self.parser, self.options = reader.parser, reader.options
        self.reading = self._reading(self._view(self._first_angle()))
        self.parts: list[tuple[Box, LineReading]] = []
        self._asked: list[tuple[LineReading | Trial, int]] = []
        self._waiting = 0
        self._steps = [
            self._try_directions,
            self._turn,
            self._compare,
            self._try_mirrored,
            self._try_parts,
            self._turn_parts,
            self._read_pictures,
            self._read_large,
        ]
        self._as_given: LineReading | None = None
        self._mirrored: Trial | None = None
        self._tried: dict[Box, list[Trial]] = {}
        self._large: LineReading | None = None  # words that were taken for drawings
        self._written: dict[int, LineReading] = {}  # what stands on the pictures among the regions
        self._programs: dict[int, Block | None] = {}  # see ``find_programs``

    def regions(self) -> list[Block]:
        """The regions of the layout in reading order, still without content."""
        return crops.ordered(map(self.reading.block, self.reading.regions))

    def begin(self) -> list[Job]:
        """Every piece of every line."""
        questions = self.reading.ask()
        if not self.reading.drafts.are_believed:
            questions = self._without_layer(questions)
        return self._jobs(self.reading, questions) or self._next()

    def _without_layer(self, questions: list[Question]) -> list[Question]:
        """The same of a page whose layer is not believed: its picture alone shows the lines."""
        self._note_layer()
        layer, self.sheet = self.sheet.text, replace(self.sheet, text=None)
        if layer is None or not layer.shown.any():
            return questions  # no line was found by what is invisible
        self.reading = self._reading(self._view(0))
        return self.reading.ask()

    def take(self, place: int, made: Generation) -> list[Job]:
        """Takes a text; after the last one, whatever is still in doubt is read turned."""
        reading, number = self._asked[place]
        self._waiting -= 1
        return self._jobs(reading, reading.take(number, made)) or self._next()

    def miss(self, place: int, error: MdocrError) -> None:
        """Called when a request failed: its piece is left out, and the region named."""
        reading, number = self._asked[place]
        self._waiting -= 1
        reading.miss(number, error)

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """Regions with their text; those in which nothing was read are left out."""
        regions = self.regions()
        drawing = draw_layout(self._shown, regions) if self.options.draw_layout else b""
        for reading in (self.reading, *(part for _, part in self.parts)):
            reading.equations.settle()
            self.failures += [
                failure_of(error, self.sheet.number, region + 1) for region, error in reading.errors
            ]
        for number, written in self._written.items():
            self.failures += [
                failure_of(error, self.sheet.number, number + 1) for _, error in written.errors
            ]
        self._programs = find_programs(self.reading)
        if self.text_layer is None:
            self._note_layer()
        self._note_doubts()
        blocks, pictures = self._blocks(regions)
        if self._large:
            blocks, places = with_large_words(blocks, self._large)
            self.unread = [one for one in self.unread if not upright.is_inside(one.box, places)]
            shown = {block.image for block in blocks}
            pictures = {name: pictures[name] for name in pictures if name in shown}
        blocks = crops.ordered(as_lists(blocks))
        if self._flattened:
            outline = self._flattened.outline
            blocks = [moved_block(block, outline) for block in blocks]
            self.unread = [replace(one, box=outline(one.box)) for one in self.unread]
        return blocks, pictures, drawing

    def _first_angle(self) -> int:
        """The direction in which most of the text runs that the file shows; else as it lies."""
        layer = self.sheet.text
        if layer is None or not layer.shown.any():
            return 0
        angles, counts = np.unique(layer.angles[layer.shown], return_counts=True)
        return max(0, int(angles[counts.argmax()]))

    def _view(self, angle: int, area: Box = WHOLE) -> View:
        return view_of(self.pixels, angle, area, self.sheet.text)

    def _reading(self, view: View) -> LineReading:
        return LineReading(view, self.parser, self.options, self.sheet.text)

    def _try(self, view: View, area: Box = WHOLE) -> list[Job]:
        """A few lines of an area in all directions."""
        trials = trials_of(self.pixels, view, area, self.parser, self.options)
        self._tried[area] = trials
        return [job for trial in trials for job in self._jobs(trial, trial.ask())]

    def _best(self, area: Box, than: float) -> LineReading | None:
        """An area in the surest direction, still to be read; None if no other was surer."""
        trials = self._tried.pop(area, [])
        best = upright.surest(trials, than) if trials else None
        if best is None:
            return None
        is_known = self.sheet.text is None and not best.upside_down
        return self._reading(best.view if is_known else self._view(best.angle, area))

    def _jobs(self, reading: LineReading | Trial, questions: list[Question]) -> list[Job]:
        jobs = []
        for question in questions:
            jobs.append(Job(self, len(self._asked), question.make, size=question.size))
            self._asked.append((reading, question.number))
        self._waiting += len(jobs)
        return jobs

    def _next(self) -> list[Job]:
        """Once no text is in flight, what the next steps ask for."""
        while self._steps and not self._waiting:
            jobs = self._steps.pop(0)()
            if jobs:
                return jobs
        return []

    def _try_directions(self) -> list[Job]:
        """A few lines of a doubtful page in the other directions."""
        return self._try(self.reading.view) if upright.is_doubtful(self.reading) else []

    def _turn(self) -> list[Job]:
        """All lines in the surest direction."""
        confidence = mean_confidence(self.reading.lines().values())
        best = self._best(WHOLE, max(confidence, upright.LEAST))
        if best is None:
            return []
        self._as_given, self.reading = self.reading, best
        return self._jobs(best, best.ask())

    def _compare(self) -> list[Job]:
        """Back to the page as it was given, if turning it has lost most of its text."""
        if self._as_given and upright.kept_letters(self.reading) < KEPT * upright.kept_letters(
            self._as_given
        ):
            self.reading = self._as_given
        return []

    def _try_mirrored(self) -> list[Job]:
        """A few lines of a page that is read unsurely in all directions, seen in a mirror."""
        if self._as_given or not upright.may_be_mirrored(self.reading):
            return []
        self._mirrored = Trial(self.reading.view, self.parser, self.options, mirrored=True)
        return self._jobs(self._mirrored, self._mirrored.ask())

    def _try_parts(self) -> list[Job]:
        """A few lines of doubtful parts in the other directions."""
        angle = self.reading.view.angle
        return [
            job
            for area in upright.doubtful_parts(self.reading)
            for job in self._try(self._view(angle, area), area)
        ]

    def _turn_parts(self) -> list[Job]:
        """All lines of the parts that another direction suits."""
        jobs = []
        for area in list(self._tried):
            best = self._best(area, max(self._confidence_in(area), LEAST_PART))
            if best is not None:
                self.parts.append((area, best))
                jobs += self._jobs(best, best.ask())
        return jobs

    def _read_pictures(self) -> list[Job]:
        """What is written on the pictures of the page."""
        angle, areas = self.reading.view.angle, [area for area, _ in self.parts]
        for number, block in enumerate(self.regions()):
            if block.type == "image" and not upright.is_inside(block.box, areas):
                view = view_of(self.pixels, angle, block.box, self.sheet.text, on_picture=True)
                self._written[number] = self._reading(view)
        return [job for one in self._written.values() for job in self._jobs(one, one.ask())]

    def _read_large(self) -> list[Job]:
        """Words so large that they were taken for drawings."""
        if all(region.type != "image" for region in self.reading.regions):
            return []
        self._large = self._reading(large_view(self.reading))
        return self._jobs(self._large, self._large.ask())

    def _confidence_in(self, area: Box) -> float:
        """Mean confidence of what was read upright in an area."""
        return mean_confidence(
            line
            for (number, _), line in self.reading.lines().items()
            if upright.is_inside(self.reading.block(self.reading.regions[number]).box, [area])
        )

    def _blocks(self, regions: list[Block]) -> tuple[list[Block], dict[str, bytes]]:
        """What was read, with turned parts in the place of the first region they replace."""
        blocks: list[Block] = []
        pictures: dict[str, bytes] = {}
        parts = [part for part in self.parts if not self._is_at_side(part[0])]
        known = [self.reading.place(row) for row in self.reading.rows] if self._written else []
        for number, block in enumerate(regions):
            if block.type == "image":
                name = crops.file_name(self.sheet.number, number + 1)
                crop = crops.cut_region(self._shown, block.box, block.angle)
                pictures[name] = crops.encode(crop)
                linked = crops.linked(block, name)
                written = self._written.get(number)
                blocks += with_writing(linked, written, known) if written else [linked]
            elif not upright.is_inside(block.box, [area for area, _ in self.parts]):
                program = self._programs.get(number)
                own = self.reading.blocks(number) if number not in self._programs else []
                blocks += [program] if program else own
            for part in [one for one in parts if upright.is_inside(block.box, [one[0]])]:
                parts.remove(part)
                blocks += self._part_blocks(part, "text")
        for part in parts:
            blocks += self._part_blocks(part, "text")
        for part in self.parts:
            if self._is_at_side(part[0]):
                blocks += self._part_blocks(part, "aside_text")
        return settle_twins(blocks), pictures

    def _is_at_side(self, area: Box) -> bool:
        """Whether a narrow part of an upright page stands in its margin."""
        upright_area = turned(area, self.reading.view.angle)
        return upright_area.x1 < MARGIN or upright_area.x0 > 1 - MARGIN

    def _part_blocks(self, part: tuple[Box, LineReading], kind: str) -> list[Block]:
        """The blocks of a turned part; nothing on it is a header or a title of the page."""
        reading = part[1]
        found = [b for number in range(len(reading.regions)) for b in reading.blocks(number)]
        return [
            block if block.type in ("table", "equation") else replace(block, type=kind, level=0)
            for block in found
        ]

    def _note_layer(self) -> None:
        """Reports what became of the text layer, and that it is not what the page shows."""
        drafts = [reading.drafts for reading in (self.reading, *(part for _, part in self.parts))]
        judged = [one for each in drafts for one in each.judged.values()]
        if not judged:
            return
        refused = sum(one.verdict is Verdict.REFUSED for one in judged)
        doubted = sum(one.verdict is Verdict.DOUBTED for one in judged)
        self.text_layer = LayerUse(len(judged), refused, drafts[0].are_believed)
        if not drafts[0].are_believed:
            self.note(
                f"its text layer is not what it shows ({refused + doubted} of {len(judged)} lines "
                "differ): the picture was read; --text-layer trust takes the layer all the same"
            )

    def _note_doubts(self) -> None:
        """Reports what was not kept, what is unsure, and what was cut short."""
        rows = [
            row
            for row in self._texts_of(self.reading)
            if not self._is_in_part(row) and row[0] not in self._programs
        ]
        shown = [(self.reading, rows), *((part, self._texts_of(part)) for _, part in self.parts)]
        for reading, own in shown:
            self.unread += [*reading.unread(own), *covered(reading)]
        self.unread += [lying_over(one, self.pixels.shape) for one in self._overlays]
        self.unread += upright.unread_stacks(self.reading, [area for area, _ in self.parts])
        self._note_unsure([reading.line(row) for reading, own in shown for row in own])
        self._note_small([(one.height(row), one.line(row)) for one, own in shown for row in own])

    def _note_small(self, lines: list[tuple[float, Text]]) -> None:
        """Reports letters on too few pixels, which are misread without much doubt."""
        height = float(np.median([height for height, _ in lines if height] or [SMALL]))
        if height < SMALL and mean_confidence(line for _, line in lines) < SURE:
            self.note(
                f"its letters are some {height:.0f} pixels high, and {SMALL} are needed to tell "
                "them apart: scan it at a higher resolution, or of a PDF raise --dpi"
            )

    def _texts_of(self, reading: LineReading) -> list[Row]:
        """The lines of a reading that are no part of a formula."""
        return [row for row in reading.lines() if reading.equations.group_of(row) is None]

    def _note_unsure(self, lines: list[Text]) -> None:
        """Reports a page that another model should read: its script may be none that this knows."""
        if self._mirrored and upright.is_surer(self._mirrored, self.reading):
            self.note(MIRRORED)
            return
        share = unread_share(lines)
        kept = [line for line in lines if not is_noise(line)]
        sure = mean_confidence(kept)
        if share > UNREAD:
            self.unread = [_of_unknown_script(one) for one in self.unread]
            self.note(f"{share:.0%} of it was read too unsurely to be kept: {ADVICE}")
        elif sure < SURE and (share := too_jumbled([line.content for line in kept])):
            self.note(f"{share:.0%} of its words mix letters as no language does: {ADVICE}")
        elif (
            sure < upright.SURE and sum(len(line.content) for line in kept) >= upright.LEAST_LETTERS
        ):
            self.note(f"it was read with a mean confidence of {sure:.0%} only: {ADVICE}")
        elif foreign := [line.content for line in kept if is_foreign(line)]:
            self.note(f"{len(foreign)} of its lines make no sense: {ADVICE}")
        elif words := [word for line in kept for word in doubtful_words(line)]:
            more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
            shown = ", ".join(map(repr, words[:SHOWN])) + more
            self.note(f"likely misread: {shown} (--mark-doubt marks what is unsure)")

    def _is_in_part(self, row: Row) -> bool:
        """Whether a line, or all its region, lies in a part that was read turned."""
        region = self.reading.block(self.reading.regions[row[0]]).box
        areas = [area for area, _ in self.parts]
        return any(upright.is_inside(one, areas) for one in (region, self.reading.place(row)))


def _of_unknown_script(line: Unread) -> Unread:
    return replace(line, reason="script") if line.reason == "unsure" else line
