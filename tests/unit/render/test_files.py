from dataclasses import replace
from pathlib import Path

import pytest
from documents import block, document, everything, save_pages

from mdocr.errors import InputError, UsageError
from mdocr.options import RenderOptions
from mdocr.render import FORMATS, Format, format_of_file
from mdocr.render.files import write_file, write_folder

PICTURES = {"page-1-8.png": b"one", "page-2-4.png": b"two"}


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_every_format_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    path = save_pages(tmp_path / "report.pdf", 2)
    source = replace(everything().source, path=str(path))
    read = replace(everything(), source=source)
    written = write_folder(read, folder, FORMATS, pictures=PICTURES)
    assert [path.name for path in written] == [
        f"report{form.endings[0]}" for form in FORMATS.values()
    ]
    assert names(folder) == [
        "report.alto.xml",
        "report.chunks.jsonl",
        "report.content_list.json",
        "report.hocr",
        "report.html",
        "report.json",
        "report.md",
        "report.pages.jsonl",
        "report.parquet",
        "report.pdf",
        "report.report.html",
        "report.tex",
        "report.txt",
        "report_images",
        "report_images/page-1-8.png",
        "report_images/page-2-4.png",
    ]
    assert "![](report_images/page-1-8.png)" in (folder / "report.md").read_text("utf-8")


def test_one_file_with_its_pictures(tmp_path: Path) -> None:
    path = write_file(everything(), tmp_path / "out.md", "md", pictures=PICTURES)
    assert "(out_images/page-2-4.png)" in path.read_text("utf-8")
    assert (tmp_path / "out_images" / "page-2-4.png").read_bytes() == b"two"


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("old")
    write_folder(document((block("text", 0.1, "new"),)), tmp_path)
    assert (tmp_path / "report.md").read_text() == "new\n"
    assert names(tmp_path) == ["report.md"]


def test_nothing_is_written_if_one_format_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match=r"report\.json"):
        write_folder(everything(), tmp_path, ["md", "json"])
    assert (tmp_path / "report.md").read_text() == "old"
    assert names(tmp_path) == ["report.json", "report.md"]

    def fail(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setitem(FORMATS, "md", Format(fail, (".md",)))
    with pytest.raises(RuntimeError):
        write_folder(everything(), tmp_path, ["md"])
    assert (tmp_path / "report.md").read_text() == "old"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="taken"):
        write_folder(everything(), tmp_path / "taken")


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "a/b.png", "..", "", "a\\b.png"])
def test_a_picture_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="plain file name"):
        write_folder(everything(), tmp_path, pictures={name: b""})
    assert names(tmp_path) == []


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="docx"):
        write_folder(everything(), tmp_path, ["docx"])
    with pytest.raises(UsageError, match="docx"):
        everything().render("docx")


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match="tables"):
        RenderOptions(tables="csv")
    with pytest.raises(UsageError, match="math"):
        RenderOptions(math="euros")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.md", "md"),
        ("A.MARKDOWN", "md"),
        ("a.json", "json"),
        ("a.content_list.json", "content-list"),
        ("a.docx", None),
        ("a", None),
    ],
)
def test_a_file_name_tells_its_format(name: str, form: str | None) -> None:
    assert format_of_file(name) == form


def test_no_two_formats_share_an_ending() -> None:
    endings = [ending for form in FORMATS.values() for ending in form.endings]
    assert len(endings) == len(set(endings))
    assert all(
        format_of_file(f"x{end}") == name for name, f in FORMATS.items() for end in f.endings
    )
