"""Unclear words read as a lexicon has them.

The longest run of letters of a text is weighed against known words, or all between its first and
last letter or digit where every sign and digit in it is unclear ("Cot-fort"):

    log p(picture | word) + WEIGHT · log P(word)

P is the lexicon's. Of words as long as what was read, the decoder tells how well they fit the
picture, Σ log p(letter), capital and small together, and the CTC head, if the model has one: the
mean of both. The decoder says nothing of words with a letter more or less, since each of its
positions speaks of one place; so these are weighed by the CTC head alone, as far as they fit better
than what was read and what was chosen of that length. Nothing else of a text changes.

Shapes: B words, L positions, T columns of a picture, V classes, W candidates, N their letters.
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase, digits

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.draft import EOS, Array, Decoding
from mdocr.decoding.lexicon import Floats, Lexicon
from mdocr.models.charset import Charset

WEIGHT = 0.5
"""Of the lexicon beside the decoder, which has learnt from words too."""
CLEAR = 0.99
"""Probability from which on a letter stands; a word of such letters is not weighed."""
RESIZING = 2.0
"""What a word of another length has to be likelier by, as a logarithm."""
DOUBTFUL = 0.9
"""Probability up to which a sign or digit may be a letter that was misread."""
SIGN_SHARE = 1e-3
"""Of signs among the characters within words."""
SHORTLIST = 50
"""Words of each length that the CTC head is asked about."""
LEAST, LEAST_COLUMN = 1e-9, 1e-6
"""Probabilities of the decoder and of the CTC head that stand for none."""
NEVER = -1e9
"""Its logarithm, where there is no way at all."""

SIGN = 26
"""Stands beside the letters for any sign or digit."""

Letters = Sequence[int]
"""0 to 25 for a to z; in what was read also ``SIGN``."""


def correct(decoding: Decoding, charset: Charset, lexicon: Lexicon) -> Decoding:
    """A decoded batch with unclear words as the lexicon has them.

    A letter that changes keeps its case, and one that was a sign takes that of the nearest letter;
    its probability is that of the new one, and those of
    likelier characters become 0: the lexicon rules them out. A letter that is put in has the
    case of the next one and its probability in the CTC head's clearest column.

    Args:
        decoding: of NumPy arrays or tensors; it is changed itself.
        charset: of the model; without all letters from a to z, in both cases, nothing is changed.
        lexicon: known words.
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
        # The CTC head weighs whole texts, and there has to be room for one letter more.
        whole = start == 0 and ids[stop : stop + 1] == [EOS] and stop + 1 < len(ids)
        seen = None if decoding.columns is None or not whole else decoding.columns[row]
        columns = None if seen is None else alphabet.columns(seen)
        word = likeliest(read, scores, columns, lexicon)
        if len(word) > len(read):
            _lengthen(decoding, row, word, scores, seen, alphabet)
        elif len(word) < len(read):
            _shorten(decoding, row, word, scores, alphabet)
        else:
            _settle(decoding, row, start, word, alphabet)
    return decoding


class Alphabet:
    """The classes of a charset that are letters from a to z.

    Attributes:
        cases: classes of small and capital letters.
        letters: class → letter, 0 to 25, of either case.
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
        """Probabilities of letters in either case, and of any sign [L, 27], of classes [L, V]."""
        likely: Floats = np.asarray(probabilities.tolist())
        small, large = self.cases
        both = likely[:, small] + likely[:, large]
        # The first class is EOS, or the blank of the CTC head.
        signs = likely[:, 1:].sum(1) - both.sum(1)
        return np.concatenate([both, np.maximum(signs, 0)[:, None]], 1)

    def columns(self, probabilities: Array) -> Floats:
        """Log p of the blank, letters in either case and signs [T, 28], of classes [T, V]."""
        blank: Floats = np.asarray(probabilities[:, :1].tolist())
        both: Floats = np.concatenate([blank, self.shares(probabilities)], 1)
        logarithms: Floats = np.log(np.maximum(both, LEAST_COLUMN))
        return logarithms


def likeliest(read: Letters, scores: Floats, columns: Floats | None, lexicon: Lexicon) -> list[int]:
    """The letters of the likeliest word.

    Args:
        read: what the decoder has read [L].
        scores: log p of each letter, and of a sign, at each position [L, 27].
        columns: log p of the blank and the same at each column [T, 28]; None to weigh words of
            the length of ``read`` alone.
        lexicon: known words.

    Returns:
        Those of a known word, or ``read`` itself.
    """
    words, shares = np.array([read]), np.array([_log_share(read, lexicon)])
    known = lexicon.lengths.get(len(read))
    if known is not None:
        places = range(len(read))
        short = _shortlist(scores[places, known.letters].sum(1) + WEIGHT * known.log_shares)
        words = np.concatenate([words, known.letters[short]])
        shares = np.concatenate([shares, known.log_shares[short]])
    fits = scores[range(len(read)), words].sum(1)
    if columns is None:
        return _row(words, (fits + WEIGHT * shares).argmax())
    by_columns = ctc_scores(columns, words)
    chosen = ((fits + by_columns) / 2 + WEIGHT * shares).argmax()
    least = (by_columns + WEIGHT * shares)[[0, chosen]].max() + RESIZING
    return _resized(columns, len(read), lexicon, least) or _row(words, chosen)


def _log_share(read: Letters, lexicon: Lexicon) -> float:
    """Log P of what was read, which may have signs in it."""
    letters = [letter for letter in read if letter != SIGN]
    signs = len(read) - len(letters)
    return lexicon.log_probability(letters) + signs * float(np.log(SIGN_SHARE))


def _resized(columns: Floats, length: int, lexicon: Lexicon, least: float) -> list[int]:
    """The likeliest word with a letter more or less; empty if none is likelier than ``least``."""
    best: list[int] = []
    for other in (length - 1, length + 1):
        known = lexicon.lengths.get(other)
        if known is None:
            continue
        prior = WEIGHT * known.log_shares
        short = _shortlist(columns[:, 1:].max(0)[known.letters].sum(1) + prior)
        found = ctc_scores(columns, known.letters[short]) + prior[short]
        if found.max() > least:
            best, least = _row(known.letters, short[found.argmax()]), found.max()
    return best


def _shortlist(likely: Floats) -> NDArray[np.intp]:
    """Places of the likeliest words."""
    return np.argpartition(-likely, min(SHORTLIST, len(likely)) - 1)[:SHORTLIST]


def _row(words: NDArray[np.integer], place: np.integer) -> list[int]:
    letters: list[int] = words[place].tolist()
    return letters


def ctc_scores(columns: Floats, words: NDArray[np.integer]) -> Floats:
    """Log p of words, over all ways to write them in the columns (Graves 2006, section 4.1).

    Args:
        columns: log p of the blank, each letter and a sign [T, 28].
        words: letters [W, N].

    Returns:
        [W].
    """
    count, length = words.shape
    labels = np.zeros((count, 2 * length + 1), np.int64)  # blank between and around the letters
    labels[:, 1::2] = words + 1
    repeats = np.ones_like(labels[:, 2:], dtype=bool)
    repeats[:, 1::2] = words[:, 1:] == words[:, :-1]
    ways = np.full(labels.shape, NEVER)
    ways[:, 0] = 0.0
    for column in columns:
        came = ways.copy()
        came[:, 1:] = np.logaddexp(came[:, 1:], ways[:, :-1])
        skipped = np.where(repeats, NEVER, ways[:, :-2])
        came[:, 2:] = np.logaddexp(came[:, 2:], skipped)
        ways = came + column[labels]
    total: Floats = np.logaddexp(ways[:, -1], ways[:, -2])
    return total


def _settle(decoding: Decoding, row: int, start: int, word: Letters, alphabet: Alphabet) -> None:
    """Writes a word over one of its length."""
    for place, letter in enumerate(word, start):
        if alphabet.letter(int(decoding.tokens[row, place])) != letter:
            beside = _letter_near(decoding.tokens[row].tolist(), place, alphabet)
            _choose(decoding, row, place, alphabet.same_case(beside, letter))


def _letter_near(ids: Sequence[int], place: int, alphabet: Alphabet) -> int:
    """The class of the letter that is nearest to a place, whose case what comes there takes."""
    places = [other for other, number in enumerate(ids) if number in alphabet.letters]
    return ids[min(places, key=lambda other: abs(other - place))]


def _choose(decoding: Decoding, row: int, place: int, chosen: int) -> None:
    probabilities = decoding.probabilities[row, place]
    probabilities[probabilities > probabilities[chosen]] = 0
    if not probabilities[chosen]:
        probabilities[chosen] = LEAST
    decoding.tokens[row, place] = chosen


def _lengthen(
    decoding: Decoding,
    row: int,
    word: list[int],
    scores: Floats,
    columns: Array,
    alphabet: Alphabet,
) -> None:
    """Writes a word over a whole text that has a letter less."""
    place = max(range(len(word)), key=lambda place: _fit(scores, word[:place] + word[place + 1 :]))
    beside = _letter_near(decoding.tokens[row].tolist(), min(place, len(word) - 2), alphabet)
    _reorder(decoding, row, [*range(place + 1), *range(place, decoding.tokens.shape[1] - 1)])
    chosen = alphabet.same_case(beside, word[place])
    clearest = int(alphabet.shares(columns)[:, word[place]].argmax())
    decoding.probabilities[row, place] = columns[clearest]
    decoding.probabilities[row, place, 0] = 0  # blank there, EOS here
    _choose(decoding, row, place, chosen)
    _settle(decoding, row, 0, word, alphabet)


def _shorten(
    decoding: Decoding, row: int, word: Letters, scores: Floats, alphabet: Alphabet
) -> None:
    """Writes a word over a whole text that has a letter more."""
    places = range(len(word) + 1)
    place = max(places, key=lambda place: _fit(np.delete(scores, place, 0), word))
    last = decoding.tokens.shape[1] - 1
    _reorder(decoding, row, [*range(place), *range(place + 1, last + 1), last])
    _settle(decoding, row, 0, word, alphabet)


def _fit(scores: Floats, word: Letters) -> float:
    """Log p of letters [N] at as many positions [N, 27]."""
    return float(scores[range(len(word)), word].sum())


def _reorder(decoding: Decoding, row: int, order: list[int]) -> None:
    for array in (decoding.probabilities, decoding.tokens, decoding.steps):
        array[row] = array[row][order]


def _word(ids: Sequence[int], probabilities: Array, alphabet: Alphabet) -> tuple[int, int]:
    """Where what is weighed against known words begins, and where it is over."""
    word = ids[: ids.index(EOS)] if EOS in ids else ids
    run = _longest_run(word, alphabet.letters)
    places = [place for place, number in enumerate(word) if number in alphabet.alphanumeric]
    if not places:
        return run
    start, stop = places[0], places[-1] + 1
    signs = [place for place in range(start, stop) if word[place] not in alphabet.letters]
    are_doubtful = all(float(probabilities[place, word[place]]) < DOUBTFUL for place in signs)
    return (start, stop) if are_doubtful and 2 * len(signs) < stop - start else run


def _longest_run(word: Sequence[int], letters: Mapping[int, int]) -> tuple[int, int]:
    """Where the first longest run of letters begins, and where it is over."""
    start, longest = 0, (0, 0)
    for place, number in enumerate([*word, EOS]):
        if number in letters:
            continue
        longest = max(longest, (start, place), key=lambda run: run[1] - run[0])
        start = place + 1
    return longest
