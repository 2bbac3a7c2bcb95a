"""Where a path is mounted, what is mounted below it, and by which other names it can be reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import (
    mount_of,
    mounts_below,
    parse_mounts,
    second_names,
)

TABLE = parse_mounts(
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "30 22 8:2 / /srv rw,nosuid,nodev,noexec - xfs /dev/sdb1 rw\n"
    "31 22 8:2 /images /var/lib/archive rw - xfs /dev/sdb1 rw\n"
    "32 22 8:2 /images/new /srv/share/inbox rw - xfs /dev/sdb1 rw\n"
    "33 22 0:40 / /mnt/a\\040stick ro - vfat /dev/sdc1 ro\n"
    "a line that is none\n"
)


def test_the_innermost_mount_counts() -> None:
    found = mount_of(TABLE, "/srv/images/x")
    assert found is not None
    assert (found.point, found.filesystem) == ("/srv", "xfs")
    assert found.options == ("nodev", "noexec", "nosuid", "rw")
    root = mount_of(TABLE, "/srvx")
    assert root is not None and root.point == "/"
    stick = mount_of(TABLE, "/mnt/a stick/DICOMDIR")
    assert stick is not None and stick.filesystem == "vfat"


def test_of_two_mounts_at_one_place_the_last_counts() -> None:
    twice = parse_mounts("1 0 8:1 / / rw - ext4 a rw\n2 1 8:3 / /x rw - ext4 b rw\n3 2 8:4 / /x rw - tmpfs c rw\n")
    found = mount_of(twice, "/x/y")
    assert found is not None and found.filesystem == "tmpfs"


def test_what_is_mounted_below() -> None:
    assert mounts_below(TABLE, "/srv") == ["/srv/share/inbox"]
    assert mounts_below(TABLE, "/srv/share/inbox") == []
    assert mounts_below(TABLE, "/var") == ["/var/lib/archive"]


def test_by_which_other_names() -> None:
    assert second_names(TABLE, "/srv/images") == ["/srv/share/inbox", "/var/lib/archive"]
    assert second_names(TABLE, "/var/lib/archive") == ["/srv/images", "/srv/share/inbox"]
    assert second_names(TABLE, "/srv/images/new/1") == ["/srv/share/inbox/1", "/var/lib/archive/new/1"]
    assert second_names(TABLE, "/srv/other") == []
    assert second_names(TABLE, "/etc") == []
    assert second_names((), "/etc") == []


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for mount in parse_mounts(text):
        mounts_below([mount], mount.point)
        second_names([mount], mount.point)
