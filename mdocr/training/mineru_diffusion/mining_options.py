"""Options of mining, free of heavy imports."""

from dataclasses import dataclass

from mdocr.errors import UsageError


@dataclass(frozen=True)
class MiningOptions:
    """How samples are judged.

    Attributes:
        answers: times each sample is decoded (T).
        keep_below: samples of a lower consistency are kept (τ).
        extra_weight: a kept sample weighs 1 + this × (1 − consistency) (β).
        temperature: of token sampling.
        threshold: confidence above which a token is committed.
        seed: of token sampling.
        batch_size: concurrent sequences.
    """

    answers: int = 4
    keep_below: float = 0.9
    extra_weight: float = 1.0
    temperature: float = 1.0
    threshold: float = 0.95
    seed: int = 0
    batch_size: int = 8

    def __post_init__(self) -> None:
        if self.answers < 2:
            raise UsageError(f"answers must be at least 2 to be compared, not {self.answers}")
        if not 0 <= self.keep_below <= 1:
            raise UsageError(f"keep below must be between 0 and 1, not {self.keep_below:g}")
        if self.extra_weight < 0:
            raise UsageError(f"extra weight must not be negative, not {self.extra_weight:g}")
        if self.temperature <= 0:
            raise UsageError("temperature must be above 0, or all answers would be the same")
        if self.batch_size < 1:
            raise UsageError(f"batch size must be at least 1, not {self.batch_size}")
