"""Arguments to files, and files of every kind to upright 8-bit RGB."""

import io
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mdocr.errors import InputError
from mdocr.inputs.find import FailedInput, find_files, natural_order
from mdocr.inputs.pictures import (
    as_iterable,
    may_wait,
    name_of,
    open_picture,
    read_ahead,
)

RED, WHITE = (255, 0, 0), (255, 255, 255)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def test_digits_that_are_no_plain_numbers_are_letters() -> None:
    names = ["5²/a.png", "１/a.png", "10.png", "9.png"]
    assert sorted(names, key=natural_order) == ["5²/a.png", "9.png", "10.png", "１/a.png"]


def test_folder_is_searched_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "10.png", "2.PNG", "a/b/3.jpg", "notes.txt", ".hidden.png", ".git/1.png")
    found = find_files([str(tmp_path)])
    assert found == [str(tmp_path / name) for name in ("2.PNG", "10.png", "a/b/3.jpg")]


def test_pattern_is_expanded_and_files_are_taken_as_they_are(tmp_path: Path) -> None:
    touch(tmp_path, "w10.png", "w9.png", "other.dat", "sub/1.png", "[x].png")
    pattern, odd, other = (str(tmp_path / name) for name in ("w*.png", "[x].png", "other.dat"))
    found = find_files([other, pattern, odd, str(tmp_path / "s*"), "-"])
    names = ["other.dat", "w9.png", "w10.png", "[x].png", "sub/1.png"]
    assert found == [*(str(tmp_path / name) for name in names), "-"]


def test_a_pattern_names_a_file_once(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "sub/2.png", "sub/deep/3.png")
    found = find_files([str(tmp_path / "**")])
    assert sorted(found) == [str(tmp_path / n) for n in ("1.png", "sub/2.png", "sub/deep/3.png")]


@pytest.mark.parametrize(
    ("name", "message"),
    [("gone.png", "no such file"), ("gone*.png", "nothing matches"), ("empty", "no picture")],
)
def test_argument_that_names_nothing(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    argument = str(tmp_path / name)
    (found,) = find_files([argument])
    assert isinstance(found, FailedInput)
    assert found.path == argument
    assert message in found.error.message
    assert argument in found.error.message


def test_an_empty_name_is_not_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "1.png")
    monkeypatch.chdir(tmp_path)
    (found,) = find_files([""])
    assert isinstance(found, FailedInput) and "empty" in found.error.message


def test_a_name_that_is_too_long_is_not_there(tmp_path: Path) -> None:
    long, *rest = find_files(["x" * 300 + ".png", str(tmp_path / "a.png")])
    assert isinstance(long, FailedInput) and "no such file" in long.error.message
    assert len(rest) == 1


def test_a_link_that_leads_nowhere_and_looks_like_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "star*.png").symlink_to(tmp_path / "nowhere")
    (found,) = find_files([str(tmp_path / "star*.png")])
    assert found == str(tmp_path / "star*.png")
    with pytest.raises(InputError, match="no such file"):
        open_picture(found)


def test_turned_upright_by_exif(tmp_path: Path) -> None:
    picture = Image.new("RGB", (20, 10), WHITE)
    picture.paste(RED, (0, 0, 5, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = saved(picture, tmp_path / "turned.png", exif=exif)
    upright = open_picture(path)
    assert upright.size == (10, 20)
    assert upright.getpixel((5, 1)) == RED
    assert upright.getpixel((5, 18)) == WHITE


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGB", "HSV"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = open_picture(Image.new("RGB", (4, 4), WHITE).convert(mode))
    assert picture.mode == "RGB"
    assert picture.getpixel((1, 1)) == WHITE


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    half.paste((255, 0, 0, 255), (0, 0, 2, 4))
    for name, picture in {
        "rgba.png": half,
        "la.png": Image.new("LA", (4, 4), (0, 0)),
        "palette.png": half.quantize(4),
    }.items():
        assert open_picture(saved(picture, tmp_path / name)).getpixel((3, 1)) == WHITE
    keyed = saved(Image.new("L", (4, 4), 7), tmp_path / "keyed.png", transparency=7)
    assert open_picture(keyed).getpixel((3, 1)) == WHITE
    assert open_picture(tmp_path / "rgba.png").getpixel((0, 1)) == RED


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    levels = np.array([[0, 32896, 65535]], np.uint16)
    path = saved(Image.fromarray(levels), tmp_path / "deep.png")
    for source in (path, levels):
        assert np.asarray(open_picture(source))[0, :, 0].tolist() == [0, 128, 255]


def test_first_frame_of_several(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in (RED, WHITE)]
    for name in ("moving.gif", "pages.tif"):
        path = saved(frames[0], tmp_path / name, save_all=True, append_images=frames[1:])
        assert open_picture(path).getpixel((0, 0)) == RED


def test_arrays() -> None:
    assert open_picture(np.full((2, 3), 255, np.uint8)).size == (3, 2)
    assert open_picture(np.full((2, 3, 3), 255, np.uint8)).getpixel((0, 0)) == WHITE
    assert open_picture(np.zeros((2, 3, 4), np.uint8)).getpixel((0, 0)) == WHITE
    with pytest.raises(InputError, match="no picture"):
        open_picture(np.zeros((2, 3, 7), np.float64))


def test_arrays_of_one_channel_and_of_sixteen_bits() -> None:
    colour = np.full((2, 3, 3), 40, np.uint8)
    for array in (colour[..., :1], colour[..., 0], colour.astype(np.uint16) * 257):
        assert open_picture(array).getpixel((0, 0)) == (40, 40, 40)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((2, 3, 3)), "float64"),
        (np.zeros((2, 3, 5), np.uint8), r"\[2, 3, 5\] of uint8"),
        (b"png", "bytes"),
    ],
)
def test_what_is_no_picture_is_told(source: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_picture(source)
    assert "Give" in (caught.value.hint or "")


def test_picture_of_the_caller_stays_open() -> None:
    mine = Image.new("RGB", (4, 4), RED)
    open_picture(mine)
    assert mine.getpixel((0, 0)) == RED


def damaged(tmp_path: Path, kind: str) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = saved(Image.fromarray(noise), tmp_path / f"whole.{kind}").read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(whole[: len(whole) // 2])
    return path


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "bmp", "tif"])
def test_cut_off_file_is_named(tmp_path: Path, kind: str) -> None:
    path = damaged(tmp_path, kind)
    with pytest.raises(InputError, match=r"cut\."):
        open_picture(path)


def test_text_named_png_is_named(tmp_path: Path) -> None:
    path = tmp_path / "words.png"
    path.write_text("hello")
    with pytest.raises(InputError, match=r"words\.png.* is not a picture") as caught:
        open_picture(path)
    assert caught.value.hint


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: .*gone\.png"):
        open_picture(tmp_path / "gone.png")
    with pytest.raises(InputError, match="is a folder"):
        open_picture(tmp_path)


@pytest.mark.parametrize("limit", [99, 40])
def test_decompression_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    path = saved(Image.new("L", (10, 10)), tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(InputError, match=rf"bomb\.png.* more than {limit} pixels"):
        open_picture(path)


def test_empty_picture_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        open_picture(Image.new("RGB", (0, 5)))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), RED).save(buffer, "PNG")
    buffer.seek(0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(buffer))
    assert open_picture("-").size == (3, 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe(tmp_path: Path) -> None:
    pipe, path = tmp_path / "pipe", saved(Image.new("RGB", (3, 2), RED), tmp_path / "red.png")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    assert find_files([str(pipe)]) == [str(pipe)]
    assert open_picture(pipe).size == (3, 2)
    writer.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_that_takes_long_or_brings_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mdocr.inputs.streams.PATIENCE", 0.01)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write_late() -> None:
        while not caplog.messages:
            time.sleep(0.01)
        pipe.write_bytes(b"")

    writer = threading.Thread(target=write_late)
    writer.start()
    with pytest.raises(InputError, match="nothing came on the pipe"):
        open_picture(pipe)
    writer.join()
    assert caplog.messages == [f"waiting for the pipe {str(pipe)!r} to end"]


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(InputError, match="'socket' is a device or a socket"):
            open_picture("socket")


def test_names() -> None:
    assert name_of("a.png") == "a.png"
    assert name_of(Path("b/c.png")) == str(Path("b/c.png"))
    assert name_of(np.zeros((1, 1))) == ""
    assert as_iterable("a.png") == ["a.png"]
    assert as_iterable(["a.png", "b.png"]) == ["a.png", "b.png"]


def test_read_ahead_keeps_the_order_and_its_distance() -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def read(item: int) -> int:
        with lock:
            begun.append(item)
        return item * item

    results = read_ahead(read, range(1000), depth=8)
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    assert max(begun) < 3 + 8
    results.close()  # type: ignore[attr-defined]
    assert list(read_ahead(read, range(20), depth=4)) == [item * item for item in range(20)]


def test_read_ahead_waits_for_pipes_in_the_thread_of_the_caller(tmp_path: Path) -> None:
    pipe, plain = tmp_path / "pipe", tmp_path / "plain"
    os.mkfifo(pipe)
    plain.touch()
    threads = list(
        read_ahead(
            lambda source: threading.current_thread(), [plain, pipe, "-"], 3, may_wait=may_wait
        )
    )
    own = threading.current_thread()
    assert [thread is own for thread in threads] == [False, True, True]


def test_read_ahead_passes_errors_on() -> None:
    with pytest.raises(ZeroDivisionError):
        list(read_ahead(lambda item: 1 // item, [1, 0], depth=4))
