"""Pages kept for a later run: appended, of one file only, cut lines left out."""

from pathlib import Path

from mdocr.batch.resume import PageRecords
from mdocr.document.model import Page, Source
from mdocr.options import ParseOptions

SOURCE = Source("a.pdf", 3, "0" * 64)


def opened(path: Path, source: Source = SOURCE) -> tuple[PageRecords, dict[int, Page]]:
    records = PageRecords(path, {"name": "fake"}, ParseOptions())
    return records, dict(records.open(source, lambda page: True))


def test_pages_are_appended_and_found_again(tmp_path):
    path = tmp_path / "records.jsonl"
    for number in (1, 2):
        records, known = opened(path)
        assert sorted(known) == list(range(1, number))
        before = path.read_bytes() if path.exists() else b""
        records.add(Page(number, 10, 10))
        assert path.read_bytes().startswith(before)


def test_a_line_cut_short_costs_no_whole_page(tmp_path):
    path = tmp_path / "records.jsonl"
    records, _ = opened(path)
    for number in (1, 2):
        records.add(Page(number, 10, 10))
    path.write_text(path.read_text()[:-9])
    records, known = opened(path)
    assert sorted(known) == [1]
    records.add(Page(3, 10, 10))
    assert sorted(opened(path)[1]) == [1, 3]


def test_pages_of_another_file_do_not_count(tmp_path):
    path = tmp_path / "records.jsonl"
    opened(path)[0].add(Page(1, 10, 10))
    assert not opened(path, Source("a.pdf", 3, "1" * 64))[1]


def test_what_is_discarded_is_not_known(tmp_path):
    path = tmp_path / "records.jsonl"
    records, _ = opened(path)
    records.add(Page(1, 10, 10))
    records.discard()
    assert not path.exists() and not opened(path)[1]
