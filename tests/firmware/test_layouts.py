from __future__ import annotations

from pathlib import Path

import pytest

from firmware.config.layouts import foreign_files, load_layouts, toml_files
from passbook.errors import PassbookError
from tests.passbook.strategies import layout_bytes

SHIPPED = {
    *("certificate", "cover-page", "india-36", "japan-24", "landp-23", "savings-24", "sheet", "slip", "thai-24"),
}


def test_the_shipped_layouts_are_there() -> None:
    layouts = load_layouts(None)
    assert set(layouts) == SHIPPED
    assert all(name == layout.name for name, layout in layouts.items())


def test_a_layout_of_the_operators_comes_in_addition(tmp_path: Path) -> None:
    (tmp_path / "junior.toml").write_bytes(layout_bytes("savings-24"))
    (tmp_path / "notes.txt").write_text("not a layout")
    layouts = load_layouts(tmp_path)
    assert set(layouts) == SHIPPED | {"junior"}
    assert layouts["junior"].name == "junior"


def test_a_layout_of_the_operators_replaces_the_shipped_one(tmp_path: Path) -> None:
    changed = layout_bytes("sheet").replace(b"lines_per_page = 60", b"lines_per_page = 30")
    (tmp_path / "sheet.toml").write_bytes(changed)
    assert load_layouts(tmp_path)["sheet"].lines_per_page == 30
    assert load_layouts(None)["sheet"].lines_per_page == 60


@pytest.mark.parametrize("damage", [b"", b"kind = ", b"\xff\xfe", layout_bytes("sheet").replace(b"75", b"7500")])
def test_one_that_cannot_be_used_is_named_with_its_file(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(damage)
    with pytest.raises(PassbookError) as caught:
        load_layouts(tmp_path)
    assert caught.value.code == "layout-malformed"
    assert str(tmp_path / "mine.toml") in str(caught.value)


def test_one_that_cannot_be_read_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").mkdir()
    with pytest.raises(PassbookError) as caught:
        load_layouts(tmp_path)
    assert caught.value.code == "file-problem"
    assert "mine.toml" in str(caught.value)


def test_files_of_other_systems_and_a_mark_of_the_order_of_bytes_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "._junior.toml").write_bytes(b"\0\5\x16\7")
    (tmp_path / "junior.toml").write_bytes(b"\xef\xbb\xbf" + layout_bytes("savings-24"))
    assert set(load_layouts(tmp_path)) == SHIPPED | {"junior"}


def test_a_name_that_no_document_can_say_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postbank_28.toml").write_bytes(layout_bytes("savings-24"))
    with pytest.raises(PassbookError, match="a-z, 0-9 and hyphen") as caught:
        load_layouts(tmp_path)
    assert caught.value.code == "layout-malformed"


def test_what_is_passed_over_is_named(tmp_path: Path) -> None:
    for name in ("._junior.toml", ".DS_Store", "junior.toml~", "#junior.toml#", ".#junior.toml", "junior.toml.bak"):
        (tmp_path / name).write_bytes(b"\0")
    (tmp_path / "junior.toml").write_bytes(layout_bytes("savings-24"))
    assert "junior" in load_layouts(tmp_path)
    assert len(foreign_files(tmp_path)) == 6
    assert toml_files(tmp_path) == [tmp_path / "junior.toml"]


def test_a_wrong_word_is_named_with_the_words_that_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(layout_bytes("sheet").replace(b"cpi = 10", b"cpi = 17"))
    with pytest.raises(PassbookError, match=r"mine\.toml: cpi: .*17.*must be one of 10, 12"):
        load_layouts(tmp_path)


def test_a_key_that_is_not_known_is_named_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(layout_bytes("sheet") + b"lins = 3\n")
    with pytest.raises(PassbookError, match=r"there is no key lins; known: .*first_line, pitch"):
        load_layouts(tmp_path)
