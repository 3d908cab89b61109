"""What docs/next-book.md says of the keys and of the screen is what a layout takes and a person reads."""

from __future__ import annotations

import re
import tomllib

from passbook.protocol.messages import Prompt
from terminal.console import instruction
from tests.house import ROOT

PAGE = (ROOT / "docs" / "next-book.md").read_text("utf-8")


def test_the_keys_of_the_page_are_those_of_the_layout_that_it_names() -> None:
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    layout = tomllib.loads((ROOT / "demo" / "layouts" / "savings-goes-on.toml").read_text("utf-8"))
    shown = tomllib.loads(example)
    assert shown == {key: layout[key] for key in ("carried", "brought")}


def test_the_page_quotes_what_the_screen_says() -> None:
    prompts = [
        Prompt("aa11", "window-1", action, 1, book=2, books=2, is_new_book=True) for action in ("take", "insert")
    ]
    assert re.findall(r"^> (.*)$", PAGE, re.MULTILINE) == [instruction(prompt, "book") for prompt in prompts]
