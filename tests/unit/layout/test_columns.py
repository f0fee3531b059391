"""Columns are told apart by what stands in them."""

from mdocr.layout.columns import _is_running_text


def test_where_nothing_stands_there_is_no_running_text() -> None:
    assert not _is_running_text([])
