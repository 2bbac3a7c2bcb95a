"""What each of these tests begins and ends with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from injections import injecting, withdraw
from one_change import assert_unharmed, at_rest


@pytest.fixture(scope="session", autouse=True)
def injectable() -> Iterator[None]:
    with injecting("core"):
        yield


@pytest.fixture
def old() -> Iterator[str]:
    """The rules before. Whatever a test does, they are in force after it, nothing is pending, nobody is locked out."""
    withdraw("core")
    before = at_rest()
    yield before
    assert_unharmed(before)
