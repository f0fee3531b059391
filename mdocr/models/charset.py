"""Characters and their ids: EOS is 0, characters from 1, then MASK, then PAD."""

from collections.abc import Iterable, Sequence

from mdocr.errors import UsageError

ENGLISH = (
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)


class Charset:
    """Maps texts to token ids and back.

    Args:
        symbols: the characters in the order of their ids, without duplicates.

    Raises:
        UsageError: a character occurs twice.
    """

    eos_id = 0

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = tuple(symbols)
        self._ids = {symbol: index for index, symbol in enumerate(self.symbols, start=1)}
        if len(self._ids) != len(self.symbols):
            raise UsageError(
                "the charset contains a character twice", "Remove the duplicate from the charset."
            )

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    @property
    def mask_id(self) -> int:
        """Id of a masked position."""
        return len(self.symbols) + 1

    @property
    def pad_id(self) -> int:
        """Id of label positions after EOS; never fed to the model."""
        return len(self.symbols) + 2

    @property
    def outputs(self) -> int:
        """Number of classes that the model predicts: EOS and the characters."""
        return len(self.symbols) + 1

    def encode(self, text: Iterable[str]) -> list[int]:
        """Ids of the characters of ``text``, without EOS; unknown characters are dropped."""
        return [self._ids[symbol] for symbol in text if symbol in self._ids]

    def decode(self, ids: Iterable[int]) -> str:
        """The text up to the first EOS; MASK and PAD are skipped."""
        text = []
        for index in ids:
            if index == self.eos_id:
                break
            if index <= len(self.symbols):
                text.append(self.symbols[index - 1])
        return "".join(text)
