from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from spooler.data_keys import DataKeys

orders = st.lists(
    st.tuples(st.sampled_from(["put", "drop"]), st.sampled_from("abc"), st.binary(min_size=32, max_size=32))
)


@given(orders)
def test_it_has_what_was_put_and_not_dropped(story: list[tuple[str, str, bytes]]) -> None:
    keys, expected = DataKeys(), dict[str, bytes]()
    for order, job, key in story:
        if order == "put":
            keys.put(job, key)
            expected[job] = key
        else:
            keys.drop(job)
            expected.pop(job, None)
    assert {job: keys.get(job) for job in "abc"} == {job: expected.get(job) for job in "abc"}
    assert {job for job in "abc" if job in keys} == set(expected)


def test_a_dropped_key_is_overwritten() -> None:
    """N2: its bytes do not stay in memory for a core file to show."""
    keys = DataKeys()
    keys.put("a", b"k" * 32)
    held = keys._keys["a"]
    keys.drop("a")
    assert held == bytes(32)


def test_a_replaced_key_is_overwritten() -> None:
    keys = DataKeys()
    keys.put("a", b"k" * 32)
    held = keys._keys["a"]
    keys.put("a", b"l" * 32)
    assert held == bytes(32)
    assert keys.get("a") == b"l" * 32


def test_its_text_shows_no_key() -> None:
    keys = DataKeys()
    keys.put("a", b"secretsecretsecretsecretsecretse")
    assert "secret" not in f"{keys!r}{keys}"


def test_many_threads_may_use_it() -> None:
    keys = DataKeys()

    def use(number: int) -> bool:
        keys.put(str(number), bytes([number % 256]) * 32)
        found = keys.get(str(number))
        keys.drop(str(number))
        return found == bytes([number % 256]) * 32

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(use, range(500)))
    assert not any(str(number) in keys for number in range(500))
