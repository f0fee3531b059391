"""Files and folders stand there whole or not at all."""

import os
import stat
import sys
import threading

import pytest

from mdocr.errors import UsageError
from mdocr.files import (
    check_folder,
    make_folder,
    remove_stale,
    write_text,
    written_folder,
    written_whole,
)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_file_takes_its_place_at_the_end_and_missing_folders_are_made(tmp_path):
    path = tmp_path / "a/b/file.txt"
    with written_whole(path) as temporary:
        temporary.write_text("new")
        assert not path.exists() and temporary.parent == path.parent
        assert temporary.name.startswith(".file.txt.")
    assert path.read_text() == "new" and names(path.parent) == ["file.txt"]


def test_a_failed_write_leaves_what_stood_there(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), written_whole(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\udc80")
    assert names(tmp_path) == ["file.txt"] and path.read_text() == "old"


def test_others_may_read_what_was_made_for_the_owner_alone(tmp_path):
    path, plain = tmp_path / "file", tmp_path / "plain"
    with written_whole(path) as temporary:
        temporary.chmod(0o600)
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_link_is_followed_even_to_what_is_not_there_yet(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far/target")
    for text in ("first", "second"):
        write_text(link, text)
        assert link.is_symlink() and (tmp_path / "far/target").read_text() == text
    assert names(tmp_path / "far") == ["target"]


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        write_text(tmp_path, "text")
    assert not names(tmp_path)


def test_a_pipe_is_written_as_it_stands(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "text")
    reader.join()
    assert read == ["text"] and names(tmp_path) == ["pipe"]


def test_the_longest_names_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_text(path, "text")
    assert names(tmp_path) == [path.name]


def test_a_file_of_one_process_replaces_what_a_killed_one_left(tmp_path):
    path = tmp_path / "file"
    (tmp_path / ".file.part").write_text("left by a killed process")
    with written_whole(path, alone=True) as temporary:
        assert temporary.name == ".file.part"
        temporary.write_text("new")
    assert names(tmp_path) == ["file"] and path.read_text() == "new"


def test_a_folder_takes_its_place_at_the_end(tmp_path):
    target = tmp_path / "inner/folder"
    with written_folder(target) as temporary:
        (temporary / "file").touch()
        assert not target.exists()
    assert names(target) == ["file"] and names(target.parent) == ["folder"]
    with pytest.raises(OSError, match="not empty"), written_folder(target) as temporary:
        (temporary / "other").touch()
    with pytest.raises(RuntimeError), written_folder(tmp_path / "never") as temporary:
        (temporary / "half").touch()
        raise RuntimeError
    assert names(target) == ["file"] and names(tmp_path) == ["inner"]


def test_asking_for_a_folder_makes_none(tmp_path):
    check_folder(tmp_path / "a/b")
    check_folder(tmp_path)
    assert not names(tmp_path)
    make_folder(tmp_path / "a/b")
    assert names(tmp_path) == ["a"] and not names(tmp_path / "a/b")


@pytest.mark.parametrize("ask", [check_folder, make_folder])
def test_a_folder_below_a_file_is_refused(tmp_path, ask):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot write to the folder"):
        ask(tmp_path / "file/below")


def test_permissions_of_an_existing_file_stay(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "new")
    assert (stat.S_IMODE(path.stat().st_mode), path.read_text()) == (0o640, "new")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_file_is_not_replaced(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o400)
    with pytest.raises(PermissionError):
        write_text(path, "new")
    assert path.read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="no locks")
def test_what_dead_processes_left_is_removed_and_what_is_being_written_stays(tmp_path):
    (tmp_path / ".dead.md.01234567.part").write_text("half")
    (tmp_path / ".dead.01234567.part").mkdir()
    (tmp_path / ".dead.01234567.part/file").touch()
    for kept in (".mine.part", "dead.01234567.part", ".x.0123456z.part"):
        (tmp_path / kept).touch()
    with written_whole(tmp_path / "live.md") as file, written_folder(tmp_path / "live") as folder:
        remove_stale(tmp_path)
        assert file.exists() and folder.exists()
    remove_stale(tmp_path / "missing")
    expected = [".mine.part", ".x.0123456z.part", "dead.01234567.part", "live", "live.md"]
    assert names(tmp_path) == expected
