"""The files of the page: few, small, without anything from elsewhere, and those of others as they came."""

from __future__ import annotations

import gzip
import hashlib
import re
from typing import Final

from tests.house import ROOT

PAGE: Final = ROOT / "page"
FILES: Final = sorted(one for one in PAGE.iterdir() if one.is_file() and one.suffix != ".py")
OWN: Final = [one for one in FILES if one.suffix in {".js", ".html"} and one.name != "argon2.js"]
MOST_FILES: Final = 12
MOST_BYTES: Final = 150 * 1024


def test_the_page_has_few_files_and_few_bytes() -> None:
    assert 0 < len(FILES) <= MOST_FILES
    assert sum(len(gzip.compress(one.read_bytes())) for one in FILES) <= MOST_BYTES


def test_files_of_others_are_those_that_the_table_names() -> None:
    table = (ROOT / "docs" / "vendored.md").read_text("utf-8")
    named = dict(re.findall(r"^\| `([\w./]+)` \|.*`([0-9a-f]{64})` \|$", table, re.MULTILINE))
    vendored = ("page/argon2.js", "page/pico.css", "tests/page/axe.min.js")
    assert named == {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in vendored}


def test_no_text_of_a_peer_can_become_markup_or_code() -> None:
    # A text becomes markup by these alone.
    doors = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|javascript:"
    )
    for file in OWN:
        assert doors.findall(file.read_text("utf-8")) == [], file.name


def test_the_page_names_no_other_place_and_has_no_inline_script_or_style() -> None:
    for file in OWN:
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"https?://", text) == [], file.name
    html = (PAGE / "index.html").read_text("utf-8")
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", html) == []


def test_no_key_or_passphrase_is_put_where_a_browser_keeps_it() -> None:
    stores = re.compile(r"localStorage\.setItem\(([^,]+),|sessionStorage|indexedDB|document\.cookie|caches\.")
    found = {(file.name, one.group(0)) for file in OWN for one in stores.finditer(file.read_text("utf-8"))}
    assert found == {("page.js", "localStorage.setItem(name,")}
    settings = re.findall(r'setting\("(\w+)"', (PAGE / "page.js").read_text("utf-8"))
    assert set(settings) == {"language", "theme"}
