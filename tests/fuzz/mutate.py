"""Mutants: bytes flipped, cut, doubled, spliced; numbers made huge."""

import io
import random
import re
import zipfile

NUMBERS = [b"0", b"-1", b"65536", b"2147483648", b"99999999999999999999", b"1e309", b"NaN"]
NUMBER = re.compile(rb"-?\d+")


def mutant(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    """A file that differs from ``seed`` in one to four ways; of most archives, a member does.

    What an archive holds has checksums, so that else nobody would look at it.
    """
    if zipfile.is_zipfile(io.BytesIO(seed)) and chance.random() < 0.7:
        return with_mutant_member(seed, other, chance)
    content = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(MUTATIONS)(content, other, chance)
    return bytes(content)


def with_mutant_member(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as source, zipfile.ZipFile(made, "w") as target:
        members = {name: source.read(name) for name in source.namelist()}
        pickles = [name for name in members if name.endswith(".pkl")]
        chosen = chance.choice(chance.choice((pickles, list(members))))
        members[chosen] = mutant(members[chosen], other, chance)
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def flipped(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 8)):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def overwritten(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, length = place(content, chance)
    content[start : start + length] = chance.randbytes(length)
    return content


def without(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, length = place(content, chance)
    del content[start : start + length]
    return content


def cut(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    return content[: chance.randint(0, len(content))]


def doubled(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, length = place(content, chance)
    content[start:start] = content[start : start + length] * chance.choice((1, 2, 50))
    return content


def spliced(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, length = place(bytearray(other), chance)
    at = chance.randint(0, len(content))
    content[at:at] = other[start : start + length]
    return content


def renumbered(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    found = list(NUMBER.finditer(bytes(content)))
    if found:
        match = chance.choice(found)
        content[match.start() : match.end()] = chance.choice(NUMBERS)
    return content


def place(content: bytearray, chance: random.Random) -> tuple[int, int]:
    """Where a stretch begins, and its length."""
    return chance.randint(0, len(content)), chance.randint(1, 64)


MUTATIONS = [flipped, overwritten, without, cut, doubled, spliced, renumbered]
