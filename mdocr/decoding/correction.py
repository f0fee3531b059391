"""Unclear words corrected by a lexicon.

The longest run of letters of a text is compared with known words; or everything between its first
and last letter or digit, if every sign and digit in it is unclear ("Cot-fort"). The score is

    log p(image | word) + WEIGHT · log P(word)

where P is given by the lexicon. For words of the length that was read, the first term is the mean
of Σ log p(letter) of the decoder, either case, and of the CTC score if the model has a CTC head.
The decoder says nothing about words with a letter more or less, since each of its predictions is
for one position; these are scored by CTC alone, and taken only if they beat both the text read and
the best word of its length. The rest of the text does not change.

Shapes: B words, L positions, T CTC frames, V classes, W candidates, N their letters.
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase, digits

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.arrays import Array
from mdocr.decoding.choices import on_host
from mdocr.decoding.lexicon import Floats, Lexicon, WordsOfLength
from mdocr.decoding.word_state import EOS, Decoding
from mdocr.models.charset import Charset

WEIGHT = 0.5
"""Weight of the lexicon; below 1, since the decoder has learnt from words too."""
CLEAR = 0.99
"""A word in which every letter is at least this probable is left alone."""
RESIZING = 2.0
"""Log-likelihood margin for words of another length."""
DOUBTFUL = 0.9
"""A sign or digit below this probability may be a misread letter."""
SIGN_SHARE = 1e-3
"""Prior of a sign among the characters of a word."""
SHORTLIST = 50
"""Words of each length that are scored by CTC."""
LEAST, LEAST_CTC = 1e-9, 1e-6
"""Floors of probabilities of the decoder and of the CTC head."""
NEVER = 1e-300
"""Probability of the impossible."""
UNCOUNTED = 0.01
"""Probability, at least, that the frames show another text: floors make their sums exceed 1."""
RESCALED = 16
"""CTC frames whose probabilities are multiplied before they are scaled."""

SIGN = 26
"""Class of all signs and digits, after the 26 letters."""

Letters = Sequence[int]
"""0 to 25 for a to z; in a text that was read also ``SIGN``."""


def correct(decoding: Decoding, charset: Charset, lexicon: Lexicon) -> Decoding:
    """Corrects the unclear words of a decoded batch.

    A replaced letter keeps its case, and one that replaces a sign takes that of the nearest letter.
    Its probability is that of the new letter; those of likelier characters become 0, as the lexicon
    rules them out. An inserted letter takes the case of its neighbour, and its probability from
    the CTC frame where it is clearest.

    Args:
        decoding: of NumPy arrays or tensors; changed in place.
        charset: of the model; unless it has all of a to z in both cases, nothing is corrected.
        lexicon: known words.

    Returns:
        ``decoding``.
    """
    if not set(ascii_lowercase + ascii_lowercase.upper()) <= set(charset.symbols):
        return decoding
    alphabet = Alphabet(charset)
    for row, ids in enumerate(decoding.tokens.tolist()):
        start, stop = _word(ids, decoding.probabilities[row], alphabet)
        if stop - start < 2:
            continue
        read = [alphabet.letter(number) for number in ids[start:stop]]
        shares = alphabet.shares(decoding.probabilities[row, start:stop])
        if min(shares[range(len(read)), read]) >= CLEAR:
            continue
        scores = np.log(np.maximum(shares, LEAST))
        # CTC scores whole texts, and there has to be room for one more letter.
        whole = start == 0 and ids[stop : stop + 1] == [EOS] and stop + 1 < len(ids)
        ctc = None if decoding.ctc is None or not whole else decoding.ctc[row]
        frames = None if ctc is None else alphabet.frames(ctc)
        word = likeliest(read, scores, frames, lexicon)
        if len(word) > len(read):
            _lengthen(decoding, row, word, scores, ctc, alphabet)
        elif len(word) < len(read):
            _shorten(decoding, row, word, scores, alphabet)
        else:
            _settle(decoding, row, start, word, alphabet)
    return decoding


class Alphabet:
    """The classes of a charset that are the letters a to z.

    Attributes:
        cases: classes of lower-case and upper-case letters.
        letters: class → letter, 0 to 25, in either case.
        alphanumeric: classes of letters and digits.
    """

    def __init__(self, charset: Charset) -> None:
        self.cases = (charset.encode(ascii_lowercase), charset.encode(ascii_lowercase.upper()))
        self.letters = {number: letter for case in self.cases for letter, number in enumerate(case)}
        known = set(digits) & set(charset.symbols)
        self.alphanumeric = self.letters.keys() | charset.encode("".join(known))

    def letter(self, number: int) -> int:
        """The letter of a class, or ``SIGN``."""
        return self.letters.get(number, SIGN)

    def same_case(self, number: int, letter: int) -> int:
        """The class of a letter in the case of the class ``number``."""
        return self.cases[number in self.cases[1]][letter]

    def shares(self, probabilities: Array) -> Floats:
        """Probabilities [L, 27] of letters in either case and of signs, from classes [L, V]."""
        likely: Floats = on_host(probabilities).astype(np.float64)
        small, large = self.cases
        both = likely[:, small] + likely[:, large]
        # The first class is EOS, or the blank of the CTC head.
        signs = likely[:, 1:].sum(1) - both.sum(1)
        return np.concatenate([both, np.maximum(signs, 0)[:, None]], 1)

    def frames(self, probabilities: Array) -> Floats:
        """Log p [T, 28] of blank, letters in either case and signs, from classes [T, V]."""
        blank: Floats = on_host(probabilities[:, :1]).astype(np.float64)
        both: Floats = np.concatenate([blank, self.shares(probabilities)], 1)
        logarithms: Floats = np.log(np.maximum(both, LEAST_CTC))
        return logarithms


def likeliest(read: Letters, scores: Floats, frames: Floats | None, lexicon: Lexicon) -> list[int]:
    """The letters of the best word: a known one, or ``read`` itself.

    Args:
        read: letters that the decoder has read [L].
        scores: log p of letters and signs at each position [L, 27].
        frames: log p of blank, letters and signs in each CTC frame [T, 28]; None to consider only
            words of the length of ``read``.
        lexicon: known words.
    """
    words, shares = np.array([read]), np.array([_log_share(read, lexicon)])
    known = lexicon.lengths.get(len(read))
    if known is not None:
        short = _shortlist(known, scores)
        words = np.concatenate([words, known.letters[short]])
        shares = np.concatenate([shares, known.log_shares[short]])
    fits = scores[range(len(read)), words].sum(1)
    if frames is None:
        return _row(words, (fits + WEIGHT * shares).argmax())
    by_ctc = ctc_scores(frames, words)
    chosen = ((fits + by_ctc) / 2 + WEIGHT * shares).argmax()
    least = (by_ctc + WEIGHT * shares)[[0, chosen]].max() + RESIZING
    others = float(np.log(max(1 - np.exp(by_ctc.max()), UNCOUNTED)))
    return _resized(frames, len(read), lexicon, least, others) or _row(words, chosen)


def _log_share(read: Letters, lexicon: Lexicon) -> float:
    """Log P of a text that was read, which may contain signs."""
    letters = [letter for letter in read if letter != SIGN]
    signs = len(read) - len(letters)
    return lexicon.log_probability(letters) + signs * float(np.log(SIGN_SHARE))


def _resized(
    frames: Floats, length: int, lexicon: Lexicon, least: float, others: float
) -> list[int]:
    """The best word with a letter more or less; empty if none scores above ``least``.

    Words of a length are left out if not even the commonest could, were it all that the frames
    leave over: ``others``, log p of all texts but the likeliest known.
    """
    best: list[int] = []
    clearest = frames[:, 1:].max(0)
    for other in (length - 1, length + 1):
        known = lexicon.lengths.get(other)
        if known is None or others + WEIGHT * known.log_shares.max() <= least:
            continue
        short = _shortlist(known, [clearest] * other)
        found = ctc_scores(frames, known.letters[short]) + WEIGHT * known.log_shares[short]
        if found.max() > least:
            best, least = _row(known.letters, short[found.argmax()]), found.max()
    return best


def _shortlist(known: WordsOfLength, scores: Sequence[Floats] | Floats) -> NDArray[np.intp]:
    """Indices of the likeliest words; ``scores`` are log p of the letters at each place [N, 27]."""
    likely = WEIGHT * known.log_shares
    for place, letters in zip(scores, known.letters.T, strict=True):
        likely += place[letters]
    return np.argpartition(-likely, min(SHORTLIST, len(likely)) - 1)[:SHORTLIST]


def _row(words: NDArray[np.integer], index: np.integer) -> list[int]:
    letters: list[int] = words[index].tolist()
    return letters


def ctc_scores(frames: Floats, words: NDArray[np.integer]) -> Floats:
    """Log p of words, summed over all alignments (CTC forward pass; Graves 2006, section 4.1).

    Args:
        frames: log p of blank, letters and signs [T, 28].
        words: letters [W, N].

    Returns:
        [W].
    """
    count, length = words.shape
    labels = np.zeros((count, 2 * length + 1), np.int64)  # blanks between and around the letters
    labels[:, 1::2] = words + 1
    may_skip = (words[:, 1:] != words[:, :-1]).astype(np.float64)
    likely = np.exp(frames)[:, labels]  # [T, W, 2 N + 1]
    ways = np.zeros(labels.shape)
    ways[:, 0] = 1.0
    total: Floats = np.zeros(count)
    for number, frame in enumerate(likely, start=1):
        came = ways.copy()
        came[:, 1:] += ways[:, :-1]
        came[:, 3::2] += may_skip * ways[:, 1:-2:2]
        came *= frame
        ways = came
        if number % RESCALED == 0:  # so that no sum of probabilities vanishes
            scale = ways.sum(1)
            ways /= scale[:, None]
            total += np.log(scale)
    return total + np.log(np.maximum(ways[:, -1] + ways[:, -2], NEVER))


def _settle(decoding: Decoding, row: int, start: int, word: Letters, alphabet: Alphabet) -> None:
    """Replaces the text by a word of equal length."""
    for position, letter in enumerate(word, start):
        if alphabet.letter(int(decoding.tokens[row, position])) != letter:
            beside = _letter_near(decoding.tokens[row].tolist(), position, alphabet)
            _choose(decoding, row, position, alphabet.same_case(beside, letter))


def _letter_near(ids: Sequence[int], position: int, alphabet: Alphabet) -> int:
    """The class of the letter nearest to a position, for its case."""
    letters = [other for other, number in enumerate(ids) if number in alphabet.letters]
    return ids[min(letters, key=lambda other: abs(other - position))]


def _choose(decoding: Decoding, row: int, position: int, chosen: int) -> None:
    probabilities = decoding.probabilities[row, position]
    probabilities[probabilities > probabilities[chosen]] = 0
    if not probabilities[chosen]:
        probabilities[chosen] = LEAST
    decoding.tokens[row, position] = chosen


def _lengthen(
    decoding: Decoding,
    row: int,
    word: list[int],
    scores: Floats,
    ctc: Array,
    alphabet: Alphabet,
) -> None:
    """Replaces a whole text by a word with one more letter."""
    at = max(range(len(word)), key=lambda at: _fit(scores, word[:at] + word[at + 1 :]))
    beside = _letter_near(decoding.tokens[row].tolist(), min(at, len(word) - 2), alphabet)
    _reorder(decoding, row, [*range(at + 1), *range(at, decoding.tokens.shape[1] - 1)])
    chosen = alphabet.same_case(beside, word[at])
    clearest = int(alphabet.shares(ctc)[:, word[at]].argmax())
    decoding.probabilities[row, at] = ctc[clearest]
    decoding.probabilities[row, at, 0] = 0  # the blank there is EOS here
    _choose(decoding, row, at, chosen)
    _settle(decoding, row, 0, word, alphabet)


def _shorten(
    decoding: Decoding, row: int, word: Letters, scores: Floats, alphabet: Alphabet
) -> None:
    """Replaces a whole text by a word with one letter less."""
    at = max(range(len(word) + 1), key=lambda at: _fit(np.delete(scores, at, 0), word))
    last = decoding.tokens.shape[1] - 1
    _reorder(decoding, row, [*range(at), *range(at + 1, last + 1), last])
    _settle(decoding, row, 0, word, alphabet)


def _fit(scores: Floats, word: Letters) -> float:
    """Log p of letters [N] at as many positions [N, 27]."""
    return float(scores[range(len(word)), word].sum())


def _reorder(decoding: Decoding, row: int, order: list[int]) -> None:
    for array in (decoding.probabilities, decoding.tokens, decoding.steps):
        array[row] = array[row][order]


def _word(ids: Sequence[int], probabilities: Array, alphabet: Alphabet) -> tuple[int, int]:
    """Start and stop of the part of a text that is compared with known words."""
    word = ids[: ids.index(EOS)] if EOS in ids else ids
    run = _longest_run(word, alphabet.letters)
    positions = [at for at, number in enumerate(word) if number in alphabet.alphanumeric]
    if not positions:
        return run
    start, stop = positions[0], positions[-1] + 1
    signs = [at for at in range(start, stop) if word[at] not in alphabet.letters]
    are_doubtful = all(float(probabilities[at, word[at]]) < DOUBTFUL for at in signs)
    return (start, stop) if are_doubtful and 2 * len(signs) < stop - start else run


def _longest_run(word: Sequence[int], letters: Mapping[int, int]) -> tuple[int, int]:
    """Start and stop of the first longest run of letters."""
    start, longest = 0, (0, 0)
    for position, number in enumerate([*word, EOS]):
        if number in letters:
            continue
        longest = max(longest, (start, position), key=lambda run: run[1] - run[0])
        start = position + 1
    return longest
