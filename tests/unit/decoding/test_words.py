"""The word strategies on fakes: what they commit, when they stop, what they do not repeat."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mdocr.decoding.arrays import fill
from mdocr.decoding.word_state import Decoding, Predict, WordState, after_eos, all_words
from mdocr.decoding.words import (
    DECODERS,
    decode,
    mean_confidence,
    select,
    window,
)
from mdocr.options import WORD_DECODERS, RecognizeOptions

LENGTH, CLASSES, MASK = 26, 8, 8


def blank(words: int, length: int = LENGTH) -> Tensor:
    return torch.full((words, length), MASK)


def certain(words: list[list[int]], confidence: list[list[float]]) -> Tensor:
    """Logits [B, L, V] whose softmax gives each id its confidence."""
    ids, sure = torch.tensor(words), torch.tensor(confidence)
    rest = ((1 - sure) / (CLASSES - 1)).log()[..., None].repeat(1, 1, CLASSES)
    return rest.scatter(-1, ids[..., None], sure.log()[..., None])


def recording(logits_of: Callable[[Tensor, Tensor], Tensor], calls: list[Tensor]) -> Predict:
    """A model that records its inputs."""

    def predict(tokens: Tensor, rows: Tensor | None) -> Tensor:
        calls.append(tokens.clone())
        chosen = torch.arange(len(tokens)) if rows is None else rows
        return logits_of(tokens, chosen)

    return predict


def contextual(words: int, seed: int = 3) -> Callable[[Tensor, Tensor], Tensor]:
    """A synthetic model, different for every word, in which each position depends on all others."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.randn(words, LENGTH, CLASSES, generator=generator) * 2
    own[..., 0] += 0.1 * torch.arange(LENGTH)  # words end
    mixing = torch.randn(LENGTH, LENGTH, CLASSES, MASK + 1, generator=generator) * 0.4

    def logits_of(tokens: Tensor, rows: Tensor) -> Tensor:
        seen = torch.nn.functional.one_hot(tokens, MASK + 1).float()
        return own[rows] + torch.einsum("bmt,lmvt->blv", seen, mixing)

    return logits_of


def read(logits_of: Callable[[Tensor, Tensor], Tensor], words: int, **options: object) -> Decoding:
    chosen = RecognizeOptions(**options)  # type: ignore[arg-type]
    return decode(recording(logits_of, []), blank(words), chosen)


def test_every_name_has_a_strategy() -> None:
    assert tuple(DECODERS) == WORD_DECODERS


def test_after_eos() -> None:
    tokens = torch.tensor([[3, 0, 4, 0], [0, 1, 2, 3], [1, 2, 3, 4]])
    expected = [[False, False, True, True], [False, True, True, True], [True] * 4]
    assert after_eos(tokens).tolist() == expected


def test_select_takes_what_is_above_the_bar_of_its_row() -> None:
    confidence = torch.tensor([[0.2, 0.9, 0.7], [0.5, 0.5, 0.5], [0.9, 0.9, 0.9]])
    candidates = torch.tensor([[True, True, False], [True, True, True], [False] * 3])
    bar = mean_confidence(confidence, candidates)
    assert bar.flatten().tolist() == pytest.approx([0.55, 0.5, 0.0])
    chosen = select(confidence, candidates, bar)
    assert chosen.tolist() == [[False, True, False], [False] * 3, [False] * 3]


def test_fill() -> None:
    chosen = torch.tensor([[True, False]])
    assert fill(torch.tensor([[1, 2]]), torch.tensor([[8, 9]]), chosen).tolist() == [[8, 2]]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [(0, 26)]),
        (2, [(0, 26), (0, 26)]),
        (3, [(0, 8), (0, 16), (0, 24)]),
        (5, [(0, 5), (0, 10), (0, 15), (10, 26), (15, 26)]),
        (
            8,
            [(0, 3), (0, 6), (0, 9), (6, 12), (9, 15), (12, 18), (15, 26), (18, 26)],
        ),
    ],
)
def test_window(steps: int, expected: list[tuple[int, int]]) -> None:
    assert [window(step, steps, 26) for step in range(steps)] == expected


@pytest.mark.parametrize("decoder", WORD_DECODERS)
def test_certain_word_is_read_by_every_strategy(decoder: str) -> None:
    word = [5, 3, 7, 0] + [1] * (LENGTH - 4)
    logits = certain([word], [[0.9, 0.8, 0.7, 0.95] + [0.3] * (LENGTH - 4)])
    decoding = read(lambda tokens, rows: logits[rows], 1, decoder=decoder)
    assert decoding.tokens[0, :4].tolist() == [5, 3, 7, 0]
    assert decoding.probabilities.shape == (1, LENGTH, CLASSES)
    assert decoding.probabilities[0, :4].amax(-1).tolist() == pytest.approx([0.9, 0.8, 0.7, 0.95])
    assert decoding.steps.min() >= 1
    assert decoding.steps.max() <= decoding.passes[0]


def test_low_confidence_commits_above_the_mean_and_feeds_mask_after_the_end() -> None:
    word = [5, 3, 7, 0] + [1] * (LENGTH - 4)
    logits = certain([word], [[0.9, 0.5, 0.4, 0.8] + [0.99] * (LENGTH - 4)])
    calls: list[Tensor] = []
    options = RecognizeOptions(decoder="low-confidence", steps=3)
    decoding = decode(recording(lambda tokens, rows: logits[rows], calls), blank(1), options)
    fed = [call[0, :5].tolist() for call in calls]
    assert fed == [[MASK] * 5, [5, MASK, MASK, 0, MASK], [5, 3, MASK, 0, MASK]]
    assert decoding.steps[0, :4].tolist() == [1, 2, 3, 1]
    assert decoding.passes.tolist() == [3]


def test_word_without_an_end_commits_nothing_and_is_not_predicted_again() -> None:
    endless = [[1] * LENGTH, [5, 3, 0] + [1] * (LENGTH - 3)]
    logits = certain(endless, [[0.9] * LENGTH, [0.9, 0.6, 0.5] + [0.5] * (LENGTH - 3)])
    calls: list[Tensor] = []
    options = RecognizeOptions(decoder="low-confidence", steps=8)
    decoding = decode(recording(lambda tokens, rows: logits[rows], calls), blank(2), options)
    assert not decoding.probabilities.isnan().any()
    assert decoding.tokens[0].tolist() == [1] * LENGTH
    assert [len(call) for call in calls] == [2, 1, 1]
    assert all((call[0] != MASK).any() for call in calls[1:])


@pytest.mark.parametrize("decoder", ["low-confidence", "block-low-confidence"])
def test_revising_mends_what_was_committed_too_early(decoder: str) -> None:
    word = [5, 3, 7, 0] + [1] * (LENGTH - 4)
    sure = [0.6, 0.5, 0.9, 0.8] + [0.3] * (LENGTH - 4)
    early, later = certain([[6, *word[1:]]], [[0.95, *sure[1:]]]), certain([word], [sure])

    def logits_of(tokens: Tensor, rows: Tensor) -> Tensor:
        return early[rows] if (tokens == MASK).all() else later[rows]

    kept = read(logits_of, 1, decoder=decoder, revise=False)
    revised = read(logits_of, 1, decoder=decoder, revise=True)
    assert kept.tokens[0, :4].tolist() == [6, 3, 7, 0]
    assert revised.tokens[0, :4].tolist() == [5, 3, 7, 0]
    assert revised.steps[0, 0] > kept.steps[0, 0] == 1


def test_autoregressive_feeds_its_own_words_and_stops_at_the_end() -> None:
    words = [[5, 0] + [1] * (LENGTH - 2), [2, 3, 4, 0] + [1] * (LENGTH - 4)]
    logits = certain(words, [[0.8] * LENGTH] * 2)
    calls: list[Tensor] = []
    options = RecognizeOptions(decoder="autoregressive")
    decoding = decode(recording(lambda tokens, rows: logits[rows], calls), blank(2), options)
    assert [len(call) for call in calls] == [2, 2, 1, 1]
    assert calls[-1][0, :5].tolist() == [2, 3, 4, MASK, MASK]
    assert decoding.passes.tolist() == [2, 4]
    assert decoding.steps[1, :4].tolist() == [1, 2, 3, 4]


def test_refine_predicts_each_position_given_all_others() -> None:
    word = [5, 3, 0] + [1] * (LENGTH - 3)
    logits = certain([word], [[0.8] * LENGTH])
    calls: list[Tensor] = []
    options = RecognizeOptions(decoder="refine")
    decoding = decode(recording(lambda tokens, rows: logits[rows], calls), blank(1), options)
    fed = [call[0, :4].tolist() for call in calls]
    assert fed == [[MASK] * 4, [MASK, 3, 0, MASK], [5, MASK, 0, MASK], [5, 3, MASK, MASK]]
    assert decoding.steps[0, :3].tolist() == [2, 3, 4]


@pytest.mark.parametrize("decoder", WORD_DECODERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 26])
@pytest.mark.parametrize("revise", [False, True])
def test_word_does_not_depend_on_its_batch(decoder: str, steps: int, revise: bool) -> None:
    logits_of = contextual(words=12)
    together = read(logits_of, 12, decoder=decoder, steps=steps, revise=revise)
    for row in range(12):
        alone = read(
            lambda tokens, rows, row=row: logits_of(tokens, rows + row),  # type: ignore[misc]
            1,
            decoder=decoder,
            steps=steps,
            revise=revise,
        )
        assert alone.tokens[0].tolist() == together.tokens[row].tolist()
        assert alone.passes[0] == together.passes[row]
        assert alone.steps[0].tolist() == together.steps[row].tolist()


@pytest.mark.parametrize("decoder", ["low-confidence", "block-low-confidence", "random"])
def test_not_predicting_unchanged_words_again_changes_nothing(
    decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"decoder": decoder, "steps": 8}
    spared = read(contextual(words=12), 12, **options)

    def predict_all(state: WordState, active: Tensor | None = None, revise: bool = False) -> None:
        active = all_words(state.blank) if active is None else active
        state._passes += active
        (rows,) = torch.where(active)
        everything = len(rows) == len(active)
        state._predict_part(*((slice(None), None) if everything else (rows, rows)), revise)

    monkeypatch.setattr(WordState, "predict", predict_all)
    full = read(contextual(words=12), 12, **options)
    torch.testing.assert_close(spared.probabilities, full.probabilities)
    assert spared.tokens.tolist() == full.tokens.tolist()


def test_random_follows_its_seed() -> None:
    options = {"decoder": "random", "steps": 5}
    first, again, other = (read(contextual(8), 8, seed=seed, **options) for seed in (1, 1, 2))
    assert first.steps.tolist() == again.steps.tolist()
    assert first.steps.tolist() != other.steps.tolist()


@pytest.mark.parametrize("decoder", WORD_DECODERS)
def test_trace_has_one_entry_per_pass(decoder: str) -> None:
    decoding = read(contextual(words=6), 6, decoder=decoder, steps=4, trace=True)
    assert len(decoding.trace) == decoding.passes.max()
    assert all(ids.shape == (6, LENGTH) for ids in decoding.trace)
    assert read(contextual(words=6), 6, decoder=decoder).trace == ()
