"""The counters and benches of the appliance's tests, which the desk is tried at too."""

from __future__ import annotations

from tests.firmware.conftest import bench, counter, enrolled, open_counter

__all__ = ["bench", "counter", "enrolled", "open_counter"]
