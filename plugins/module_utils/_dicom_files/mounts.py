# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the mount on which a folder lies is mounted, from C(/proc/self/mountinfo) (proc(5)). Private, pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What keeps files of a mount from being executed, from giving rights, and from being devices.
WANTED = ("noexec", "nosuid", "nodev")

_WITHOUT_PERMISSIONS = "cifs exfat fuseblk hfs hfsplus iso9660 msdos ntfs ntfs3 smb3 smbfs udf vfat"
_WITHOUT_FILES = (
    "autofs bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc pstore "
    "rpc_pipefs securityfs sysfs tracefs"
)
#: Filesystems without permissions of their own: every file has the ones that the mount gives to all.
_NO_PERMISSIONS = frozenset(_WITHOUT_PERMISSIONS.split())
#: Not files but the kernel's, or a program's; never walked into.
_NO_FILES = frozenset(_WITHOUT_FILES.split())
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One mount: where, of which kind, and with which options."""

    point: str
    kind: str
    options: frozenset[str]

    @property
    def lacks(self) -> tuple[str, ...]:
        """Which of the wanted options it doesn't have."""
        return tuple(option for option in WANTED if option not in self.options)

    @property
    def keeps_permissions(self) -> bool:
        """Whether a file there has permissions of its own."""
        return self.kind not in _NO_PERMISSIONS

    @property
    def holds_files(self) -> bool:
        """Whether there can be somebody's files."""
        return self.kind not in _NO_FILES


def parse_mounts(text: str) -> list[Mount]:
    """Every mount, in the order of the file; lines that aren't understood are left out."""
    return list(_mounts(text))


def mount_of(mounts: list[Mount], path: str) -> Mount | None:
    """The mount on which an absolute path without links lies: the last of the longest ones before it."""
    best = None
    for mount in mounts:
        if _below(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def mounts_below(mounts: list[Mount], path: str) -> list[Mount]:
    """Mounts at other places below a path; of several at one place, the last, which hides the others."""
    found = {mount.point: mount for mount in mounts if mount.point != path and _below(mount.point, path)}
    return list(found.values())


def _below(path: str, above: str) -> bool:
    return path == above or path.startswith(above if above.endswith("/") else f"{above}/")


def _mounts(text: str) -> Iterator[Mount]:
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6:
            yield Mount(
                _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]), rest[0], frozenset(fields[5].split(","))
            )
