"""What is declared about removable media: what is refused, and what is written for it."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.files import rules, unit, unit_name
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import Mount, faults, policy

CD = {"device": "/dev/sr0", "where": "/media/cd", "filesystem": "auto"}
DISK = {"vendor": "0781", "product": "5581", "serial": None}


def test_what_is_right() -> None:
    assert faults([DISK, {**DISK, "serial": "4C53-0001"}], [CD, {**CD, "where": "/srv/media/a-b_1"}]) == []


WRONG: list[tuple[list[dict[str, Any]], list[dict[str, Any]], str]] = [
    ([{**DISK, "vendor": "781"}], [], "permitted[0].vendor is '781'; write four hexadecimal digits"),
    ([DISK, {**DISK, "product": "*"}], [], "permitted[1].product is '*'"),
    ([{**DISK, "serial": 'x", GOTO="y'}], [], "permitted[0].serial"),
    ([{**DISK, "serial": "*"}], [], "permitted[0].serial"),
    ([], [{**CD, "device": "sr0"}], "mounts[0].device is 'sr0'"),
    ([], [{**CD, "device": "/dev/sr0\nOptions=exec"}], "mounts[0].device"),
    ([], [{**CD, "where": "/media/../etc"}], "mounts[0].where"),
    ([], [{**CD, "where": "/media/cd/"}], "mounts[0].where"),
    ([], [{**CD, "where": "/usr/local"}], "belongs to the host"),
    ([], [{**CD, "where": "/var"}], "belongs to the host"),
    ([], [{**CD, "filesystem": "iso9660 -o exec"}], "mounts[0].filesystem"),
    ([], [CD, {**CD, "device": "/dev/sr1"}], "/media/cd is named by more than one of mounts."),
]


@pytest.mark.parametrize(("permitted", "mounts", "says"), WRONG)
def test_what_is_wrong(permitted: list[dict[str, Any]], mounts: list[dict[str, Any]], says: str) -> None:
    (fault,) = faults(permitted, mounts)
    assert says in fault


def test_a_mount_lets_nothing_run_and_nothing_be_written() -> None:
    text = unit(Mount("/dev/sr0", "/media/cd"))
    assert "What=/dev/sr0\nWhere=/media/cd\nType=auto\nOptions=ro,noexec,nosuid,nodev\n" in text
    assert "[Install]" not in text, "nothing starts it by itself"


def test_a_folder_is_shown_once_more() -> None:
    assert "Type=none\nOptions=bind,ro,noexec,nosuid,nodev\n" in unit(Mount("/srv/inbox", "/media/inbox"))


@pytest.mark.parametrize("where", ["/media/cd", "/media/a-b_1", "/srv/.hidden/x.y", "/media/a:b@c+d", "/.x"])
def test_a_unit_has_the_name_that_systemd_demands(where: str) -> None:
    if shutil.which("systemd-escape") is None:
        pytest.skip("no systemd-escape")
    done = subprocess.run(
        ["systemd-escape", "--path", "--suffix=mount", where], capture_output=True, text=True, check=True
    )
    assert unit_name(where) == done.stdout.strip()


def test_only_where_media_are_imported_storage_is_let_in() -> None:
    anywhere, station = (rules(policy(station, [], [])) for station in (False, True))
    assert 'ATTR{authorized}="0"' in anywhere
    assert "authorized" not in station
    assert anywhere.count('ENV{UDISKS_IGNORE}="1"') == station.count('ENV{UDISKS_IGNORE}="1"') == 2
