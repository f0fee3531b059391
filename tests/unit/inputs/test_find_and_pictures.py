"""Arguments to files, and files of every kind to upright 8-bit RGB."""

import io
import os
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
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
from mdocr.inputs.streams import save_stream

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


def test_links_are_neither_followed_nor_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "a.png", "b/c.png", ".git/1.png")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "b/up").symlink_to("..")
    (tmp_path / "gone.png").symlink_to("/nowhere.png")
    (tmp_path / "self.png").symlink_to("self.png")
    os.mkfifo(tmp_path / "pipe.png")
    names = [str(tmp_path / name) for name in ("a.png", "b/c.png", "gone.png", "self.png")]
    assert find_files([str(tmp_path)]) == names
    assert any("skipped: pipe.png" in message for message in caplog.messages)
    assert any("2 links to folders" in message for message in caplog.messages)
    assert find_files([str(tmp_path / "**/*.png")]) == [
        *names[:3],
        str(tmp_path / "pipe.png"),
        names[3],
    ]
    assert find_files([str(tmp_path / "**/up/a.png")]) == [str(tmp_path / "b/up/a.png")]
    assert find_files([str(tmp_path / ".git/**/*.png")]) == [str(tmp_path / ".git/1.png")]


def test_a_folder_that_may_not_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a.png", "shut/b.png")
    listed = os.scandir

    def scandir(path: str) -> Any:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("os.scandir", scandir)  # root may list all
    found, shut = find_files([str(tmp_path)])
    assert found == str(tmp_path / "a.png")
    assert isinstance(shut, FailedInput) and "shut' cannot be listed" in shut.error.message


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


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_fewer_bits_in_sixteen_become_eight(bits: int) -> None:
    levels = np.array([[0, 2 ** (bits - 1), 2**bits - 1]], np.uint16)
    made = np.asarray(open_picture(Image.fromarray(levels)))[0, :, 0]
    assert made.tolist() == [0, 128, 255]


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
        (7, "a int is no picture"),
        (io.StringIO("png"), "stream of text"),
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


@pytest.mark.parametrize("size", [99, 101])
def test_a_stream_that_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("mdocr.inputs.streams.MOST_BYTES", 100)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"x" * size)))
    if size < 100:
        save_stream("-", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"x" * size
        return
    with pytest.raises(InputError, match="more than 100 bytes came on standard input"):
        save_stream("-", tmp_path / "copy")


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(InputError, match="'socket' is a device or a socket"):
            open_picture("socket")


def test_content_and_streams() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), RED).save(buffer, "PNG")
    content = buffer.getvalue()
    for source in (content, bytearray(content), memoryview(content), io.BytesIO(content)):
        assert open_picture(source).size == (3, 2)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the picture is not a picture"):
        open_picture(b"png")


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "a.j2k", "a.jp2", "a.tga", "a.pcx", "a.qoi"])
def test_less_common_endings_are_found_and_opened(tmp_path: Path, name: str) -> None:
    saved(Image.new("RGB", (8, 8), RED), tmp_path / name)
    assert find_files([str(tmp_path)]) == [str(tmp_path / name)]
    red, green, _ = open_picture(tmp_path / name).getpixel((4, 4))  # type: ignore[misc]
    assert red > 240 and green < 20


def test_what_a_folder_holds_besides_is_counted_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "1.png", "notes.txt", "phone.HEIC", ".hidden", *(f"{n}.doc" for n in range(9)))
    monkeypatch.setattr("mdocr.inputs.find.has_heic", lambda: False)
    assert find_files([str(tmp_path)]) == [str(tmp_path / "1.png")]
    (message,) = caplog.messages
    assert message.startswith("11 files in") and "0.doc, 1.doc" in message
    assert "and 6 more" in message and ".[heic]" in message
    monkeypatch.setattr("mdocr.inputs.find.has_heic", lambda: True)
    assert str(tmp_path / "phone.HEIC") in find_files([str(tmp_path)])


def test_heic_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="pillow-heif") as caught:
        open_picture(tmp_path / "a.heic")
    assert ".[heic]" in caught.value.hint


def test_heic_is_opened(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), RED)).save(tmp_path / "a.heic")
    red, green, _ = open_picture(tmp_path / "a.heic").getpixel((32, 32))  # type: ignore[misc]
    assert red > 240 and green < 20


def test_a_file_of_another_kind_starts_no_program(tmp_path: Path) -> None:
    page = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    (tmp_path / "a.png").write_text(page)
    with pytest.raises(InputError, match="is not a picture"):
        open_picture(tmp_path / "a.png")


def test_a_url_is_said_to_be_none() -> None:
    for url in ("https://example.org/a.png", "s3://bucket/a.pdf"):
        (found,) = find_files([url])
        assert isinstance(found, FailedInput) and "is a URL" in found.error.message
        with pytest.raises(InputError, match="is a URL") as caught:
            open_picture(url)
        assert "curl" in caught.value.hint


def light_on_nothing(mode: str = "RGBA") -> Image.Image:
    picture = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    picture.paste((250, 250, 250, 255), (10, 5, 30, 8))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_light_ink_on_nothing_is_laid_over_black(mode: str) -> None:
    picture = open_picture(light_on_nothing(mode))
    assert picture.getpixel((0, 0)) == (0, 0, 0)
    assert min(picture.getpixel((12, 6))) > 240  # type: ignore[arg-type, type-var]


def test_light_and_dark_ink_on_nothing_are_laid_over_grey() -> None:
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    for row, level in ((20, 250), (50, 5)):
        picture.paste((level, level, level, 255), (10, row, 190, row + 3))
    ground = open_picture(picture).getpixel((0, 0))
    assert all(60 < level < 200 for level in ground)  # type: ignore[union-attr]


def test_a_sheet_on_nothing_does_not_hide_light_ink_beside_it() -> None:
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (10, 10, 80, 90))
    picture.paste((0, 0, 0, 255), (20, 20, 70, 23))
    picture.paste((255, 255, 255, 255), (100, 50, 190, 53))
    assert open_picture(picture).getpixel((0, 0)) == (0, 0, 0)


def test_a_page_with_clear_margins_is_laid_over_white() -> None:
    page = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    page.paste((255, 255, 255, 255), (10, 10, 30, 30))
    page.paste((0, 0, 0, 255), (14, 14, 26, 16))
    assert open_picture(page).getpixel((0, 0)) == WHITE


@pytest.mark.parametrize(
    ("dpi", "size"),
    [((204, 98), (40, 42)), ((98, 204), (83, 20)), ((204, 196), (40, 20)), ((300, 1), (40, 20))],
)
def test_oblong_pixels_are_made_square(
    tmp_path: Path, dpi: tuple[int, int], size: tuple[int, int]
) -> None:
    path = saved(Image.new("L", (40, 20), 255), tmp_path / "fax.tif", dpi=dpi)
    assert open_picture(path).size == size


def test_oblong_pixels_of_a_turned_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(Image.new("L", (40, 20)), tmp_path / "a.jpg", dpi=(200, 100), exif=exif)
    assert open_picture(path).size == (40, 40)


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
