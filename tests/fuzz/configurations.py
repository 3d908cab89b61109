"""The configuration file."""

from __future__ import annotations

from firmware.config.configuration import configuration_summary, load_configuration
from passbook.errors import PassbookError
from tests.fuzz.memory import file_of


def check(data: bytes) -> None:
    """Any bytes are one sentence with the code `configuration`, or a configuration that can be summed up."""
    with file_of(data) as path:
        try:
            config = load_configuration(path)
        except PassbookError as error:
            assert error.code == "configuration"
            assert "\n" not in str(error)
        else:
            assert configuration_summary(config)
