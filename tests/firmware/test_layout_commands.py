"""`passbookctl layout`: files are judged and drawn, and no appliance is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import firmware.ctl.__main__ as ctl
from firmware.config.layouts import load_layouts
from passbook.errors.kinds import EXIT_CODES, Mender
from tests.firmware.running_ctl import Output, configuration, refused
from tests.passbook.strategies import layout_bytes

SAVINGS = layout_bytes("savings-24").decode()


def written(folder: Path, text: str, name: str = "mine.toml") -> str:
    file = folder / name
    file.write_text(text, "utf-8")
    return str(file)


def test_a_right_file_is_told_with_what_it_holds(tmp_path: Path, capsys: Output) -> None:
    file = written(tmp_path, SAVINGS)
    assert ctl.main(["layout", "check", file]) == 0
    said = capsys.readouterr().out
    assert "documents name it mine, of the kind passbook, 148 x 210 mm" in said
    assert "The pages 1 to 16 hold 384 entries, a usual one 24. A line holds 56 characters, 10 to the inch." in said
    assert ctl.main(["--json", "layout", "check", file]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["layout"], found["kind"], found["pages"], found["lines"]) == ("mine", "passbook", [1, 16], 24)


@pytest.mark.parametrize("name", ["sheet", "certificate"])
def test_sheets_and_forms_are_judged_too(tmp_path: Path, capsys: Output, name: str) -> None:
    assert ctl.main(["layout", "check", written(tmp_path, layout_bytes(name).decode())]) == 0
    assert "A line holds 75 characters" in capsys.readouterr().out


def test_a_wrong_file_is_told_with_key_and_what_is_allowed(tmp_path: Path, capsys: Output) -> None:
    file = written(tmp_path, SAVINGS.replace('kind = "passbook"', 'kind = "book"'))
    for command in ("check", "show"):
        assert ctl.main(["layout", command, file]) == EXIT_CODES[Mender.OPERATOR]
        assert f"{file}: kind: it is book; it must be one of passbook, text, form." in refused(
            capsys, "layout-malformed"
        )


def test_a_file_that_is_not_there_is_for_the_person_who_named_it(tmp_path: Path, capsys: Output) -> None:
    for command in ("check", "show"):
        assert ctl.main(["layout", command, str(tmp_path / "none.toml")]) == EXIT_CODES[Mender.CALLER]
        refused(capsys, "file-problem")


def test_a_file_that_names_an_import_profile_is_told_which_there_are(tmp_path: Path, capsys: Output) -> None:
    file = written(tmp_path, SAVINGS.replace("cpi = 10", 'cpi = 10\nimport = "ours"'))
    assert ctl.main(["layout", "check", file]) == EXIT_CODES[Mender.OPERATOR]
    said = refused(capsys, "layout-malformed")
    assert f"{file}: import: there is no import profile ours; it must be one of german-excel, indian-core" in said
    assert "known with --config" in said
    assert (
        ctl.main(["layout", "check", written(tmp_path, SAVINGS.replace("cpi = 10", 'cpi = 10\nimport = "plain"'))]) == 0
    )
    capsys.readouterr()


def test_a_file_may_name_an_import_profile_of_the_configuration(tmp_path: Path, capsys: Output) -> None:
    config = configuration(tmp_path)
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "ours.toml").write_text("", "utf-8")
    config.write_text(f'imports = "{folder}"\n{config.read_text("utf-8")}', "utf-8")
    file = written(tmp_path, SAVINGS.replace("cpi = 10", 'cpi = 10\nimport = "ours"'))
    assert ctl.main(["--config", str(config), "layout", "check", file]) == 0
    assert "documents name it mine" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "why"), [("mine.txt", "passes it over"), ("._x.toml", "passes it over"), ("my_28.toml", "a-z, 0-9")]
)
def test_a_file_that_no_document_could_name_is_refused(tmp_path: Path, capsys: Output, name: str, why: str) -> None:
    ctl.main(["layout", "check", written(tmp_path, SAVINGS, name)])
    assert why in refused(capsys, "layout-malformed")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: Output) -> None:
    ctl.main(["layout", "check", str(tmp_path / "mine.toml")])
    assert "mine.toml" in refused(capsys, "file-problem")


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("name", sorted(load_layouts(None)))
def test_every_shipped_layout_is_shown(capsys: Output, name: str, currency: str) -> None:
    assert ctl.main(["layout", "show", name, "--currency", currency]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == f"Layout {name}, page 1"
    layout = load_layouts(None)[name]
    assert max(len(row.removeprefix("  1 |")) for row in rows[1:]) <= layout.columns_total + len("  1 |")


def test_a_page_of_each_country_looks_as_its_book_does(capsys: Output) -> None:
    expected = {
        "japan-24": "  1 |08-03-03 Sample text in                *123,456.78   *123,456.78",
        "india-36": "  4 |04-03-2026 Sample text in a column   Sample  12,34,567.89               1,23,45,678.90 Dr",
        "thai-24": " 16 |05/03/69 Sample              ******123.45 *****1,234.56 Sample",
        "landp-23": " 15 |2026-03-13 Sample tex              1.23     123.45",
    }
    for name, row in expected.items():
        ctl.main(["layout", "show", name])
        assert row in capsys.readouterr().out.splitlines()


def test_a_picture_is_written_with_all_pages(tmp_path: Path, capsys: Output) -> None:
    picture = tmp_path / "page.png"
    assert ctl.main(["layout", "show", "india-36", "--png", str(picture)]) == 0
    assert str(picture) in capsys.readouterr().out
    with Image.open(picture) as found:
        assert found.format == "PNG"
        assert found.height > 2 * 200 / 25.4 * 120 > found.width
    assert ctl.main(["layout", "show", "india-36", "--png", str(picture)]) == 0
    picture.write_text("a letter")
    assert ctl.main(["layout", "show", "india-36", "--png", str(picture)]) == EXIT_CODES[Mender.CALLER]
    assert picture.read_text() == "a letter"


def test_a_layout_of_the_operators_is_shown_by_its_name_or_its_file(tmp_path: Path, capsys: Output) -> None:
    config = configuration(tmp_path)
    folder = tmp_path / "layouts"
    folder.mkdir()
    text = SAVINGS.replace(
        "lines_per_page = 24", 'lines_per_page = 24\nheading = [{ line = 1, start = 1, text = "普通預金" }]'
    )
    file = written(folder, text)
    config.write_text(f'layouts = "{folder}"\n{config.read_text("utf-8")}', "utf-8")
    for command in (["--config", str(config), "layout", "show", "mine"], ["layout", "show", file]):
        assert ctl.main(command) == 0
        assert "  1 |普通預金" in capsys.readouterr().out.splitlines()


def test_a_layout_that_is_not_there_is_told_with_those_that_are(capsys: Output) -> None:
    assert ctl.main(["layout", "show", "savngs-24"]) == EXIT_CODES[Mender.CALLER]
    said = refused(capsys, "no-layout")
    assert (
        "choose one of certificate, cover-page, india-36, japan-24, landp-23, savings-24, sheet, slip, thai-24," in said
    )
