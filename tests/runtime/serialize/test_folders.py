"""Folders made once: whole or not at all, and no trouble where two processes make the same one."""

from pathlib import Path

import pytest

from lwisp_mobile.serialize.folders import atomic_folder, user_cache


def test_the_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "tool"
    with atomic_folder(folder) as building:
        (building / "program").write_text("x")
        assert not folder.exists()
    assert (folder / "program").read_text() == "x"
    assert [path.name for path in folder.parent.iterdir()] == ["tool"]


def stop_half_way(folder: Path) -> None:
    with atomic_folder(folder) as building:
        (building / "program").touch()
        raise ValueError("half")


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"):
        stop_half_way(tmp_path / "tool")
    assert not list(tmp_path.iterdir())


def test_the_folder_of_a_faster_process_stays(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "tool") as slow:
        (slow / "program").write_text("slow")
        with atomic_folder(tmp_path / "tool") as fast:
            (fast / "program").write_text("fast")
    assert (tmp_path / "tool" / "program").read_text() == "fast"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("a file")
    with pytest.raises(OSError, match="tool"), atomic_folder(tmp_path / "tool"):
        pass
    assert (tmp_path / "tool").read_text() == "a file"


def test_the_cache_is_where_the_user_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache("lwisp-mobile") == tmp_path / "lwisp-mobile"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert user_cache("lwisp-mobile") == Path.home() / ".cache" / "lwisp-mobile"
