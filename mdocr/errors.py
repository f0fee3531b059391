"""The error tree. Each class carries the exit code that the command line ends with.

MdocrError                 1   unexpected
├── UsageError             2   an option or argument makes no sense
├── InputError             3   a picture, document or dataset cannot be read
│   ├── TimeLimitError     3   reading it takes longer than the limit
│   ├── MemoryLimitError   3   reading it takes more memory than the limit
│   └── CrashError         3   reading it ends the process that reads
├── WeightsError           4   weights are missing, damaged or of another model
├── MissingPackageError    5   a package is not installed
│   └── MissingExtraError  5   an optional dependency is not installed
├── DeviceError            6   the device, or the server, is absent or fails
│   └── OutOfMemoryError   6   the device has not enough memory
└── PartialFailureError    7   some inputs failed; the rest was written
"""

from typing import Any


class MdocrError(Exception):
    """Base of every error that mdocr raises on purpose.

    Args:
        message: what went wrong, naming the file, key or option.
        hint: what the user can do next; printed on a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by what it holds, since the classes below differ in their arguments."""
        return _restored, (type(self), self.args, self.__dict__)


class UsageError(MdocrError):
    """An option or argument makes no sense."""

    exit_code = 2


class InputError(MdocrError):
    """A picture, document or dataset cannot be read."""

    exit_code = 3


class TimeLimitError(InputError):
    """Reading it takes longer than the limit."""


class MemoryLimitError(InputError):
    """Reading it takes more memory than the limit."""


class CrashError(InputError):
    """Reading it ends the process that reads."""


class WeightsError(MdocrError):
    """Weights are missing, damaged, or belong to another model."""

    exit_code = 4


class MissingPackageError(MdocrError):
    """A package is not installed, or was removed."""

    exit_code = 5


class MissingExtraError(MissingPackageError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed.",
            install_hint(extra),
        )


def install_hint(extra: str) -> str:
    """How an extra is installed; mdocr is on no package index, so it is installed from source."""
    return f"In the folder of mdocr's source, run: pip install '.[{extra}]'"


class DeviceError(MdocrError):
    """The device, or the server in its place, is absent or fails."""

    exit_code = 6


class OutOfMemoryError(DeviceError):
    """The device has not enough memory: less work at once may do."""


class PartialFailureError(MdocrError):
    """Some inputs failed; the results of the others were written."""

    exit_code = 7


def reason_of(error: Exception) -> str:
    """What an error of the system says, without its number and the file that the message names."""
    return getattr(error, "strerror", None) or str(error)


def _restored(kind: type[MdocrError], args: tuple[Any, ...], state: dict[str, Any]) -> MdocrError:
    """The inverse of ``MdocrError.__reduce__``."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
