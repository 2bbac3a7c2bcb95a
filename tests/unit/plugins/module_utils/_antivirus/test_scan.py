"""What clamd answers about a file; whatever isn't understood is no sign that it is clean."""

from __future__ import annotations

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import parse_configuration
from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.scan import Answer, largest_file, parse_answer

MB = 1024 * 1024
ERROR = Answer(unscanned="the scanner reports an error")


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("fd[9]: OK\0", Answer()),
        ("fd[12]: Test.Eicar.UNOFFICIAL FOUND\0", Answer(found="Test.Eicar.UNOFFICIAL")),
        ("fd[9]: Win.X{a}\u2028 FOUND\0", ERROR),
        ("fd[9]: Win.X{a}$(b) FOUND\0", Answer(found="Win.X?a???b?")),
        ("fd[9]: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", Answer(unscanned="larger than the scanner's limits")),
        ("fd[9]: Can't open file or directory ERROR\0", ERROR),
        ("fd[9]: OK, or so\0", ERROR),
        ("OK", ERROR),
        ("", ERROR),
    ],
)
def test_an_answer(said: str, means: Answer) -> None:
    assert parse_answer(said) == means


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (None, 25 * MB),
        ("", 100 * MB),
        ("MaxFileSize 25M\nMaxScanSize 100M\n", 25 * MB),
        ("MaxFileSize 500M\n", 400 * MB),
        ("MaxFileSize 500M\nMaxScanSize 1000M\n", 500 * MB),
        ("MaxFileSize 0\nMaxScanSize 0\n", 2048 * MB - 1),
        ("MaxFileSize 1024k\n", MB),
        ("MaxFileSize many\n", 25 * MB),
    ],
)
def test_up_to_which_size_files_are_looked_at(text: str | None, size: int) -> None:
    assert largest_file(None if text is None else parse_configuration(text)) == size
