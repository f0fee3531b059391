"""Labelled sets of words, one or the suites of the field: opened, checked, read and scored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mdocr.errors import UsageError
from mdocr.evaluation import words as scoring
from mdocr.evaluation.sheets import Misread
from mdocr.evaluation.suites import OpenSet, open_set, open_suite, unreadable
from mdocr.evaluation.words import ReadWord, WordScores
from mdocr.options import STEPPED_DECODERS, RecognizeOptions
from mdocr.recognizer import Recognizer

Row = dict[str, Any]
Say = Callable[[str], None]


def open_sets(data: Sequence[Path], suites: Sequence[str], say: Say) -> list[OpenSet]:
    """The sets of folders, or those of suites below one folder.

    Args:
        data: folders or LMDBs.
        suites: names of ``SUITES``; none for the folders themselves.
        say: called with the size of a set that is not the published one.

    Raises:
        UsageError: there is no such suite, or more than one folder for suites.
        InputError: a set is missing or damaged.
    """
    if not suites:
        return list(map(open_set, data))
    if len(data) != 1:
        raise UsageError("suites are looked for in one folder", "Name the folder around them.")
    sets = [each for name in suites for each in open_suite(name, data[0])]
    for each in sets:
        if not each.is_whole:
            say(f"{each.name} has {len(each.collection)} words here, {each.expected} upstream")
    return sets


def inventory(sets: Sequence[OpenSet]) -> tuple[list[Row], list[str]]:
    """A record of each set; and the names of those that are damaged or not complete."""
    rows = [
        {
            "set": each.name,
            "words": len(each.collection),
            "expected": each.expected,
            "unreadable": len(unreadable(each)),
        }
        for each in sets
    ]
    pairs = zip(sets, rows, strict=True)
    return rows, [one.name for one, row in pairs if row["unreadable"] or not one.is_whole]


def runs(
    decoders: Sequence[str], steps: Sequence[int], base: RecognizeOptions
) -> list[RecognizeOptions]:
    """Options of every decoder, at every number of steps if it has steps."""
    return [
        replace(base, decoder=name, steps=count)
        for name in decoders
        for count in (steps if name in STEPPED_DECODERS else steps[:1])
    ]


def score_sets(
    reader: Recognizer,
    sets: Sequence[OpenSet],
    options: RecognizeOptions,
    limit: int | None,
    say: Say,
) -> tuple[list[Row], list[Misread]]:
    """Reads and scores sets.

    Args:
        reader: the model.
        sets: what is read.
        options: of decoding.
        limit: most words of each set.
        say: called before each set.

    Returns:
        A record of each set and of each suite's means; and the misread words.
    """
    how = _how(reader, options)
    rows: list[Row] = []
    misread: list[Misread] = []
    suites: dict[str, list[WordScores]] = {}
    for each in sets:
        numbers = each.scored(reader.engine.charset)[:limit]
        say(f"reading {len(numbers)} words of {each.name} with {options.decoder}")
        scores, wrong = _score_set(reader, each, options, numbers)
        misread += [(each.collection, word) for word in wrong]
        suites.setdefault(each.suite, []).append(scores)
        rows.append({"set": each.name, "suite": each.suite, **scores.to_dict(), **how})
    return [*rows, *({**row, **how} for row in _means(suites))], misread


def _how(reader: Recognizer, options: RecognizeOptions) -> Row:
    """What read the words, and how."""
    return {
        "model": reader.model,
        "decoder": options.decoder,
        "steps": options.steps if options.decoder in STEPPED_DECODERS else None,
        "revise": options.revise,
        "lexicon": reader.lexicon_of(options),
    }


def _score_set(
    reader: Recognizer, each: OpenSet, options: RecognizeOptions, numbers: Sequence[int]
) -> tuple[WordScores, Iterator[ReadWord]]:
    """Scores of a set, and its misread words."""
    is_latin = scoring.is_latin(reader) if each.is_latin is None else each.is_latin
    read = scoring.read_collection(reader, each.collection, options, numbers)
    if each.suite and not is_latin:
        read = [scoring.as_scored(word, reader.engine.charset) for word in read]
    scores = scoring.score([(word.read, word.true) for word in read], is_latin)
    return scores, (w for w in read if not scoring.is_right(w.read, w.true, is_latin))


def _means(suites: dict[str, list[WordScores]]) -> Iterator[Row]:
    """Both means of every suite of several sets."""
    for name, scores in suites.items():
        for kind in ("mean", "weighted mean") if len(scores) > 1 else ():
            mean = scoring.average(scores, weighted=kind != "mean").to_dict()
            yield {"set": f"{kind} of {name or 'sets'}", "suite": name, **mean}
