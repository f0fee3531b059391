"""Formulas for the lite page reader: pictures, made data, and a model that learns them anew."""

import numpy as np
import pytest
import torch
from page_models import drawn, tiny_line_reader
from PIL import Image, ImageOps

from mdocr.errors import InputError, UsageError
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import (
    COLUMN,
    FORMULA_HEIGHT,
    LineReaderConfig,
    lite_line_reader,
)
from mdocr.preprocessing.formula_images import formula_strip, prepare_formula
from mdocr.preprocessing.formula_notation import FORMULA_SYMBOLS, is_level
from mdocr.preprocessing.line_images import WIDTH_STEP
from mdocr.preprocessing.line_reader import LineReaderProcessor
from mdocr.synthesis.formulas.grammar import draw_formula, draw_part
from mdocr.synthesis.formulas.strips import FormulaSynthesizer, set_part
from mdocr.training.line_reader.samples import LineReaderBatches, LineReaderDataConfig
from mdocr.training.line_reader.trainer import LineReaderLoss, LineReaderRun
from mdocr.training.line_reader.widening import (
    with_characters,
    with_characters_of,
    with_formulas,
)
from mdocr.training.processes import join_processes


def formula(latex: str, size: float = 40) -> np.ndarray:
    paper = 255 - np.pad(draw_formula(latex, size, "cm"), 9)
    return np.repeat(paper[..., None], 3, axis=2)


def ink_rows(strip: np.ndarray) -> np.ndarray:
    return np.flatnonzero(strip.min(axis=(1, 2)) < 128)


def test_a_strip_shows_the_formula_in_its_middle_whatever_its_size():
    strips = [formula_strip(formula("a + b", size)) for size in (20, 40, 80)]
    assert {strip.shape[0] for strip in strips} == {FORMULA_HEIGHT}
    widths = [strip.shape[1] for strip in strips]
    assert max(widths) < 1.2 * min(widths)
    for strip in strips:
        rows = ink_rows(strip)
        assert abs((rows[0] + rows[-1]) / 2 - FORMULA_HEIGHT / 2) < 2


def test_high_formulas_fill_the_strip_and_margins_do_not_count():
    high = formula(r"\frac{\frac{a}{b}}{\frac{c}{d}}")
    rows = ink_rows(formula_strip(high))
    assert rows[-1] - rows[0] > FORMULA_HEIGHT - 8
    wide = np.pad(high, ((90, 40), (70, 10), (0, 0)), constant_values=255)
    assert np.abs(formula_strip(wide).astype(int) - formula_strip(high)).max() < 3


def test_light_ink_on_dark_paper_is_found_too():
    dark = np.asarray(ImageOps.invert(Image.fromarray(formula("x = 1"))))
    strip = formula_strip(dark)
    assert (strip[0] == 0).all()
    assert strip.shape == formula_strip(formula("x = 1")).shape


def test_empty_and_endless_pictures():
    assert prepare_formula(Image.new("L", (50, 20), 200)).tokens == WIDTH_STEP // COLUMN
    dot = Image.new("L", (50, 20), 255)
    dot.putpixel((9, 9), 0)
    assert prepare_formula(dot).tokens == WIDTH_STEP // COLUMN
    line = Image.new("L", (9000, 12), 255)
    line.paste(0, (0, 4, 9000, 6))
    with pytest.raises(InputError, match="too long"):
        prepare_formula(line)


def test_a_formula_is_prepared_as_one_if_it_is_asked_for():
    pictures, picture = LineReaderProcessor(), drawn("abc", (80, 40))
    heights = {p: pictures.prepare(picture, p).pixels.shape[1] for p in ("text", "equation")}
    assert heights == {"text": 32, "equation": 64}


def test_parts_stand_on_one_base_line():
    _, minus, depth = draw_part(np.random.default_rng(0), "-", 40, "cm")
    assert depth < 0 < minus.size
    part = set_part(3)
    assert set_part(3) is part
    assert set(part.notation) <= set(FORMULA_SYMBOLS)


def test_made_formulas_fit_and_depend_on_chance_alone():
    synthesizer = FormulaSynthesizer(parts=40)
    for number in range(30):
        strip, notation = synthesizer.draw(np.random.default_rng(number), 160, 0.5)
        again, same = synthesizer.draw(np.random.default_rng(number), 160, 0.5)
        assert strip.shape[0] == FORMULA_HEIGHT and strip.shape[1] <= 160
        assert notation == same and np.array_equal(strip, again)
        assert notation


def test_batches_hold_formulas_as_often_as_asked_for():
    data = LineReaderDataConfig(formula_share=1.0, widest_formula=128)
    charset = LineReaderConfig(FORMULA_SYMBOLS).charset
    batches = LineReaderBatches(data, charset, batch_size=4, steps=2, seed=0)
    batch = batches[0]
    assert batch.task == "formula"
    assert batch.images.shape[2] == FORMULA_HEIGHT
    assert torch.equal(batch.ctc_labels.sort().values, batch.labels.sort().values)
    with pytest.raises(UsageError, match="formula_share"):
        LineReaderDataConfig(formula_share=1.5)


def test_a_widened_reader_still_reads_lines_as_before():
    known = LineReader(lite_line_reader("abc ")).eval()
    wide = with_formulas(known).eval()
    assert set(wide.config.symbols) == {*FORMULA_SYMBOLS}
    assert with_formulas(wide) is wide
    images = torch.rand(2, 3, 32, 64)
    seen, before = wide.encode(images), known.encode(images)
    assert torch.allclose(seen.features, before.features, atol=1e-5)
    assert torch.allclose(seen.ctc_logits[..., :5], before.ctc_logits, atol=1e-5)
    for task in ("text", "formula"):
        row, old = wide.config.task_id(task), known.config.task_id(task)
        assert torch.equal(wide.embed(torch.tensor([row])), known.embed(torch.tensor([old])))
    mask = torch.tensor([wide.config.mask_token_id])
    assert torch.equal(wide.embed(mask), known.embed(torch.tensor([known.config.mask_token_id])))


def test_a_reader_learns_more_characters_and_keeps_what_it_knows():
    known = tiny_line_reader(formula_height=64).eval()
    more = with_characters(known, known.config.symbols[:2] + "Șş").eval()
    assert more.config.symbols == known.config.symbols + "Șş"
    assert with_characters(more, "ş") is more
    images = torch.rand(2, 3, 32, 64)
    seen, before = more.encode(images), known.encode(images)
    classes = before.ctc_logits.shape[-1]
    assert torch.allclose(seen.ctc_logits[..., :classes], before.ctc_logits, atol=1e-5)
    assert seen.ctc_logits.shape[-1] == classes + 2
    assert torch.equal(more.formula_projection.weight, known.formula_projection.weight)


def test_a_formula_is_seen_by_a_projection_of_its_own():
    model = tiny_line_reader(formula_height=64)
    tall, flat = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 64)
    assert model.encode(tall).features.shape == model.encode(flat).features.shape == (1, 16, 32)
    together = model.encode_packed([flat[0], tall[0]])
    assert torch.allclose(together.features[16:], model.encode(tall).features[0], atol=1e-5)


def test_each_batch_gives_every_projection_a_gradient():
    """Processes that share a step wait for all gradients."""
    data = LineReaderDataConfig(formula_share=1.0, widest_formula=96)
    model = with_formulas(LineReader(lite_line_reader("ab ")))
    batches = LineReaderBatches(data, model.config.charset, batch_size=2, steps=1, seed=0)
    losses = LineReaderLoss(model, LineReaderRun(data=data), join_processes("cpu"))(batches[0], 0)
    sum(losses.values()).backward()
    missing = [name for name, value in model.named_parameters() if value.grad is None]
    assert missing == []


@pytest.mark.parametrize(
    ("notation", "level"),
    [("E=mc^2", True), ("a_1^2+b≤0", True), ("⁄{a}{b}", False), ("√x", False), ("∑_1^nk", False)],
)
def test_rows_of_signs_are_told_from_what_stands_above_each_other(notation, level):
    assert is_level(notation) is level


def test_a_reader_gets_the_characters_of_another_and_keeps_its_own_weights():
    known = tiny_line_reader(formula_height=64).eval()
    other = with_characters(known, "Șş")
    other.load_state_dict({key: 2 * tensor for key, tensor in other.state_dict().items()})
    made = with_characters_of(known, other)
    assert made.config == other.config
    classes = len(known.config.symbols) + 1
    letters, theirs = made.state_dict()["letters.weight"], other.state_dict()["letters.weight"]
    assert torch.equal(letters[:classes], known.state_dict()["letters.weight"])
    assert torch.equal(letters[classes:], theirs[classes:])
    mask, own = (one.config.mask_token_id for one in (made, known))
    assert torch.equal(made.embed(torch.tensor([mask])), known.embed(torch.tensor([own])))
    assert with_characters_of(other, known) is other
