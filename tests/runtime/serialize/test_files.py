"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from lwisp_mobile.serialize.files import atomic_write, unnamed_write


class TestAtomicWrite:
    def test_appears_with_usual_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "usual").write_text("x")
        with atomic_write(tmp_path / "a") as temporary:
            temporary.write_text("whole")
            assert not (tmp_path / "a").exists()
        assert (tmp_path / "a").read_text() == "whole"
        assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode
        assert len(list(tmp_path.iterdir())) == 2

    def interrupted_write(self, path: Path) -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    def test_failure_leaves_the_old_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("old")
        with pytest.raises(KeyboardInterrupt):
            self.interrupted_write(tmp_path / "a")
        assert (tmp_path / "a").read_text() == "old"
        assert len(list(tmp_path.iterdir())) == 1

    def test_longest_names_fit(self, tmp_path: Path) -> None:
        with atomic_write(tmp_path / ("a" * 255)) as temporary:
            temporary.write_text("x")
        assert (tmp_path / ("a" * 255)).read_text() == "x"


class TestUnnamedFiles:
    def test_no_name_before_it_is_whole(self, tmp_path: Path) -> None:
        with unnamed_write(tmp_path / "a") as unnamed:
            unnamed.write_text("whole")
            assert not list(tmp_path.iterdir())
        assert (tmp_path / "a").read_text() == "whole"

    def test_permissions_are_the_usual(self, tmp_path: Path) -> None:
        (tmp_path / "usual").write_text("x")
        with unnamed_write(tmp_path / "a") as unnamed:
            unnamed.write_text("x")
        assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode

    def test_an_older_file_is_replaced_at_the_end(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("old")
        with unnamed_write(tmp_path / "a") as unnamed:
            unnamed.write_text("new")
            assert (tmp_path / "a").read_text() == "old"
        assert (tmp_path / "a").read_text() == "new"
        assert len(list(tmp_path.iterdir())) == 1

    def test_without_unnamed_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "O_TMPFILE")
        with unnamed_write(tmp_path / "a") as temporary:
            temporary.write_text("whole")
        assert [path.name for path in tmp_path.iterdir()] == ["a"]
