"""The denoising again: states of tokens, lines, the SVG."""

import re
from xml.etree import ElementTree

from mdocr.document.words import Character
from mdocr.render.denoising import Denoised, Shown, lines_of
from mdocr.render.denoising_svg import render_svg

SVG = "{http://www.w3.org/2000/svg}"
CAT = Denoised(
    "cat",
    (
        Character("c", 0.9, 1),
        Character("a", 0.9, 3, ("o", "e")),
        Character("\n", 1.0, 0),
        Character("t", 0.9, 2),
    ),
)


def test_a_token_is_masked_then_proposed_then_committed() -> None:
    assert CAT.last == 3
    said = ["".join(one.text for one in CAT.after(step)) for step in range(4)]
    assert said == ["░░\n░", "co\n░", "ce\nt", "ca\nt"]
    assert [one.state for one in CAT.after(2)] == ["committed", "proposed", "committed", "new"]


def test_proposals_of_a_later_block_come_when_it_is_in_flight() -> None:
    tokens = (Character("a", 0.9, 3, ("x", "y")), Character("b", 0.9, 5, ("z",)))
    made = Denoised("ab", tokens)
    said = ["".join(one.text for one in made.after(step)) for step in range(6)]
    assert said == ["░░", "x░", "y░", "a░", "az", "ab"]


def test_lines_break_behind_a_space() -> None:
    shown = [Shown(text, "committed") for text in "to be or\nnot"]
    lines = ["".join(one.text for one in line) for line in lines_of(shown, 6)]
    assert lines == ["to be ", "or", "not"]
    lines = ["".join(one.text for one in line) for line in lines_of(shown[:2] * 4, 3)]
    assert lines == ["tot", "oto", "to"]


def test_the_svg_has_a_frame_for_each_step_and_runs_nothing() -> None:
    made = render_svg([CAT, Denoised("x", (Character("<&\x00", 0.9, 1),))], "A & B")
    frames = ElementTree.fromstring(made).findall(f"{SVG}g")
    assert len(frames) == 4 and frames[3].get("class") == "frame last"
    texts = [["".join(text.itertext()) for text in frame] for frame in frames]
    assert texts[0] == ["A & B · step 0 of 3", "░░", "░", "░░░"]
    assert texts[2][1:3] == ["ce", "t"] and texts[3][1:3] == ["ca", "t"]
    assert "<&" in texts[3][3]
    lengths = {text.get("textLength") for frame in frames for text in list(frame)[1:2]}
    assert lengths == {"16.0"}  # nothing moves
    assert "script" not in made and not re.findall(r"href|url\(", made)
