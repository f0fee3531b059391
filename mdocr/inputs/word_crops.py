"""Pictures of words, each with what another has read if that is to be verified, for the model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mdocr.errors import InputError, UsageError
from mdocr.inputs import pictures
from mdocr.inputs.pictures import Picture
from mdocr.models.charset import Charset
from mdocr.preprocessing.mdiff4str import preprocess

NO_MORE: Any = object()
ONE_EACH = "Give one text, or None, for each picture, in the same order."
NO_DRAFT = "Correct it, or leave it out: the picture is read without it then."


@dataclass(frozen=True, eq=False)
class Crop:
    """A picture prepared for the model.

    Attributes:
        number: index in the input, from 0.
        path: of the picture.
        pixels: [3, height, width] in -1..1.
        draft: what another has read, to be verified; None to read without.
    """

    number: int
    path: str
    pixels: NDArray[np.float32]
    draft: str | None = None


def make_crop(number: int, source: Picture) -> Crop:
    """Loads and preprocesses a picture.

    Raises:
        InputError: it cannot be read.
    """
    picture = pictures.open_picture(source)
    return Crop(number, pictures.name_of(source), preprocess(picture))


def paired(
    images: Iterable[Picture], drafts: Iterable[str | None] | None
) -> Iterator[tuple[Picture, str | None]]:
    """Each picture with its draft, lazily; with None if there are no drafts at all.

    Raises:
        UsageError: there are more of one than of the other.
    """
    if drafts is None:
        yield from ((image, None) for image in images)
        return
    texts = iter(drafts)
    for number, image in enumerate(images, start=1):
        draft = next(texts, NO_MORE)
        if draft is NO_MORE:
            raise UsageError(f"there is no draft for picture {number}", ONE_EACH)
        yield image, draft
    if next(texts, NO_MORE) is not NO_MORE:
        raise UsageError("there are more drafts than pictures", ONE_EACH)


def check_draft(draft: str, path: str, charset: Charset, longest: int) -> None:
    """Refuses a draft that the model could not have written.

    Raises:
        InputError: it has more than ``longest`` characters, or one that the model does not know.
    """
    name = f"the draft {draft!r} of {path!r}" if path else f"the draft {draft!r}"
    unknown = sorted(set(draft) - set(charset.symbols))
    if unknown:
        listed = " ".join(map(repr, unknown))
        raise InputError(f"{name} has what the model cannot write: {listed}", NO_DRAFT)
    if len(draft) > longest:
        raise InputError(
            f"{name} has {len(draft)} characters; the model writes up to {longest}", NO_DRAFT
        )
