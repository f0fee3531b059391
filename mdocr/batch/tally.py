"""What became of the inputs of one command, and the error that it ends with."""

from dataclasses import dataclass, field

from mdocr.errors import InputError, MdocrError, PartialFailureError


@dataclass
class Tally:
    """What became of the inputs.

    Attributes:
        inputs: how many there are.
        read: pages, words or formulas that were read.
        errors: why inputs failed, in order.
        failures: of inputs, pages and blocks.
        written: files of the formats, in order; their pictures are not listed.
    """

    inputs: int
    read: int = 0
    errors: tuple[MdocrError, ...] = ()
    failures: int = 0
    written: list[str] = field(default_factory=list)

    @property
    def alone(self) -> bool:
        """Whether there is a single input: ``end`` reports its error, so nothing else does."""
        return self.inputs == 1

    def miss(self, error: MdocrError) -> None:
        """Counts an input that could not be read."""
        self.errors += (error,)
        self.failures += 1

    def end(self) -> None:
        """Returns if everything was read, else raises the error that gives the exit code.

        Raises:
            MdocrError: nothing at all was read; the error itself where it is a single input, else
                one with the exit code that all errors share, or that of bad inputs.
            PartialFailureError: some of it was read.
        """
        if not self.failures:
            return
        if self.read or not self.errors:
            raise PartialFailureError(
                f"{self.failures} of the inputs, pages and regions could not be read",
                "They are named above; all the rest was written.",
            )
        raise self.errors[0] if self.alone else self._none_read()

    def _none_read(self) -> MdocrError:
        codes = {error.exit_code for error in self.errors}
        error = MdocrError(
            f"none of the {self.inputs} inputs could be read", "They are named above."
        )
        error.exit_code = codes.pop() if len(codes) == 1 else InputError.exit_code
        return error
