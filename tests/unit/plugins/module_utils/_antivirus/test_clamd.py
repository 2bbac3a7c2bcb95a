"""What clamd says, read for what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import (
    Version,
    found_something,
    instream,
    is_on,
    parse_configuration,
    parse_version,
)


def test_a_daemon_with_signatures_says_their_date() -> None:
    dated = datetime(2026, 11, 23, 18, 13, 44, tzinfo=UTC)
    assert parse_version("ClamAV 1.4.6/27460/Mon Nov 23 18:13:44 2026\0") == Version("1.4.6", 27460, dated)


def test_one_without_daily_signatures_says_none() -> None:
    assert parse_version("ClamAV 1.4.6\0") == Version("1.4.6", None, None)


@pytest.mark.parametrize("answer", ["", "PONG", "ClamAV", "ClamAV 1.4.6/7/yesterday, as it were, ok", "UNKNOWN"])
def test_whatever_else_is_no_version(answer: str) -> None:
    assert parse_version(answer) is None


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("stream: Eicar-Test-Signature FOUND\0", True),
        ("stream: Test.Mark.UNOFFICIAL FOUND\0", True),
        ("stream: OK\0", False),
        ("INSTREAM size limit exceeded. ERROR\0", False),
        ("stream: Access denied. ERROR\0", False),
        ("", False),
    ],
)
def test_only_a_name_is_a_find(answer: str, found: bool) -> None:
    assert found_something(answer) is found


@given(st.binary(max_size=200_000))
def test_a_stream_ends_and_holds_all_that_it_is_given(content: bytes) -> None:
    command = instream(content)
    assert command.startswith(b"zINSTREAM\0") and command.endswith(b"\0\0\0\0")
    rest, read = command[10:], b""
    while size := int.from_bytes(rest[:4], "big"):
        read, rest = read + rest[4 : 4 + size], rest[4 + size :]
    assert read == content and rest == b"\0\0\0\0"


def test_a_configuration_is_read_as_clamav_reads_it() -> None:
    options = parse_configuration(
        "# OnAccessExcludePath /no\n\nOnAccessExcludePath /srv/a b\n"
        "  OnAccessExcludePath /srv/c # d\nOnAccessPrevention yes\n"
    )
    assert options["OnAccessExcludePath"] == ["/srv/a b", "/srv/c # d"]
    assert is_on(options, "OnAccessPrevention") and not is_on(options, "OnAccessDenyOnError")
    assert is_on({}, "ScanArchive", default=True)
