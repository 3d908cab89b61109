from __future__ import annotations

from pathlib import Path

import pytest

from firmware.system.zone import zone_name


@pytest.mark.parametrize(
    ("environ", "link", "name"),
    [
        ({}, "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ({}, "../usr/share/zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ({"TZ": ":Europe/Berlin"}, "/usr/share/zoneinfo/Asia/Tokyo", "Europe/Berlin"),
        ({"TZ": "UTC"}, None, "UTC"),
        ({}, "/etc/other", ""),
        ({}, None, ""),
        ({"TZ": "CET-1CEST,M3.5.0"}, None, ""),
        ({"TZ": "<script>"}, None, ""),
    ],
)
def test_the_zone_is_that_of_the_machine_by_its_name(
    tmp_path: Path, environ: dict[str, str], link: str | None, name: str
) -> None:
    place = tmp_path / "localtime"
    if link is not None:
        place.symlink_to(link)
    assert zone_name(environ, place) == name
