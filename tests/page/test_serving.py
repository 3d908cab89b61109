from __future__ import annotations

from playwright.sync_api import expect

from tests.page.conftest import OpenPage
from tests.scenarios.conftest import OpenOffice


def test_a_browser_with_a_certificate_of_the_branch_shows_the_page_and_is_connected(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    expect(page.get_by_role("status")).to_contain_text("counter-1")
