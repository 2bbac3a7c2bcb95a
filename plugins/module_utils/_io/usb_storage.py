# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this host itself uses of USB storage: shutting that off would stop it. Private."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import Policy

_MOUNT = re.compile(r"\d+ \d+ (\d+:\d+) \S+ (\S+) .* - \S+ (\S+) ")
_NO_DEVICE = "0:"
_DEEPEST = 8  # mapped devices on mapped devices


@dataclass(frozen=True)
class InUse:
    """Something in use that lies on a USB device."""

    what: str
    vendor: str
    product: str
    serial: str


def used_usb_storage(policy: Policy, sys: str = "/sys", proc: str = "/proc") -> list[InUse]:
    """File systems and swap areas that are in use and lie on USB devices that the policy would shut off."""
    if policy.station:
        return []
    found = {}
    for what, number in _used(sys, proc):
        for device in _below(os.path.join(sys, "dev", "block", number), 0):
            usb = _usb(device, what)
            if usb is not None and not _is_permitted(usb, policy):
                found[what] = usb
    return list(found.values())


def _is_permitted(used: InUse, policy: Policy) -> bool:
    return any(
        (one.vendor, one.product) == (used.vendor, used.product) and one.serial in ("", used.serial)
        for one in policy.permitted
    )


def _used(sys: str, proc: str) -> Iterator[tuple[str, str]]:
    """What is used, and the number of its block device as major:minor."""
    with open(f"{proc}/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            found = _MOUNT.match(line)
            if not found:
                continue
            number, point, source = found.groups()
            if number.startswith(_NO_DEVICE) and source.startswith("/dev/"):  # as btrfs does
                number = _number(os.path.realpath(source), sys)
            yield point, number
    with contextlib.suppress(FileNotFoundError), open(f"{proc}/swaps", encoding="utf-8", errors="replace") as file:
        for line in file.readlines()[1:]:
            name = line.split()[0]
            yield f"the swap area {name}", _number(name, sys)


def _number(device: str, sys: str) -> str:
    """The number of a device, given by its path; what is no device has none that matters."""
    return _read(os.path.join(sys, "class", "block", os.path.basename(device), "dev")) or _NO_DEVICE


def _below(path: str, depth: int) -> Iterator[str]:
    """The devices on which a block device lies at last, such as the disks of a volume group."""
    real = os.path.realpath(path)
    if not os.path.isdir(real) or depth > _DEEPEST:
        return
    slaves = os.path.join(real, "slaves")
    names = os.listdir(slaves) if os.path.isdir(slaves) else []
    if not names:
        yield real
    for name in names:
        yield from _below(os.path.join(slaves, name), depth + 1)


def _usb(device: str, what: str) -> InUse | None:
    """The USB device that a block device is part of."""
    folder = device
    while len(folder) > 1:
        vendor = _read(os.path.join(folder, "idVendor"))
        if vendor:
            product, serial = (_read(os.path.join(folder, name)) for name in ("idProduct", "serial"))
            return InUse(what, vendor, product, serial)
        folder = os.path.dirname(folder)
    return None


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read().strip()
    return ""
