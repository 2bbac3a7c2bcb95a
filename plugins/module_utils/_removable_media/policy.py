# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does with removable media, and what is wrong with how that is declared. Private, pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"[0-9a-fA-F]{4}")
_SERIAL = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_PATH = re.compile(r"(?:/[A-Za-z0-9._:@+-]+)+")
_FILESYSTEM = re.compile(r"[a-z0-9]{1,16}")
#: Below these a mount would hide what the host itself needs.
_OWN = ("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/sbin", "/sys", "/usr", "/var")


@dataclass(frozen=True)
class Permitted:
    """A USB device that may be used in spite of all: numbers of vendor and product, and its serial number if only that
    one is meant.
    """

    vendor: str
    product: str
    serial: str = ""


@dataclass(frozen=True)
class Mount:
    """What is mounted where: a block device, or a folder, which is shown there once more."""

    device: str
    where: str
    filesystem: str = "auto"

    @property
    def is_folder(self) -> bool:
        return not self.device.startswith("/dev/")


@dataclass(frozen=True)
class Policy:
    """I(station): whether USB storage may be plugged in, because media are judged and imported here."""

    station: bool
    permitted: tuple[Permitted, ...]
    mounts: tuple[Mount, ...]


def policy(station: bool, permitted: Sequence[Mapping[str, Any]], mounts: Sequence[Mapping[str, Any]]) -> Policy:
    """From the options of the module, which faults() has found nothing wrong with."""
    return Policy(
        station,
        tuple(Permitted(one["vendor"].lower(), one["product"].lower(), one["serial"] or "") for one in permitted),
        tuple(Mount(one["device"], one["where"], one["filesystem"]) for one in mounts),
    )


def faults(permitted: Sequence[Mapping[str, Any]], mounts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with these options, a sentence each."""
    found = []
    for number, one in enumerate(permitted):
        for name in ("vendor", "product"):
            if not _NUMBER.fullmatch(one[name]):
                found.append(
                    f"permitted[{number}].{name} is {one[name]!r}; write four hexadecimal digits, as lsusb shows."
                )
        if one["serial"] and not _SERIAL.fullmatch(one["serial"]):
            found.append(
                f"permitted[{number}].serial is {one['serial']!r}; write it as the device does, without blanks."
            )
    for number, one in enumerate(mounts):
        for name in ("device", "where"):
            if not _PATH.fullmatch(one[name]) or posixpath.normpath(one[name]) != one[name]:
                found.append(f"mounts[{number}].{name} is {one[name]!r}; write an absolute path of plain characters.")
        if one["where"] in _OWN or one["where"].startswith(tuple(f"{path}/" for path in _OWN[1:] if path != "/var")):
            found.append(f"mounts[{number}].where is {one['where']}, which belongs to the host; use one below /media.")
        if not _FILESYSTEM.fullmatch(one["filesystem"]):
            found.append(
                f"mounts[{number}].filesystem is {one['filesystem']!r}; write auto, iso9660, udf, vfat or the like."
            )
    places = [one["where"] for one in mounts]
    found += [
        f"{place} is named by more than one of mounts." for place in sorted(set(places)) if places.count(place) > 1
    ]
    return found
