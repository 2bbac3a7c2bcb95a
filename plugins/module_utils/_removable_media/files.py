# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that carry out a policy: rules for udev(7), and mount units (systemd.mount(5)). Private, pure."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import Mount, Permitted, Policy

MANAGED = "# Managed by Ansible, pacs.hardening.removable_media: changes made here are lost.\n"
#: After 60-persistent-storage.rules, so that what it says of a device can be overruled.
RULES = "/etc/udev/rules.d/70-pacs-removable-media.rules"
UNITS = "/etc/systemd/system"
OPTIONS = "ro,noexec,nosuid,nodev"

# The USB-IF's class codes of interfaces: a still image device (cameras, telephones) and mass storage.
_STORAGE = "06|08"
_END = "pacs_removable_media_end"


def rules(policy: Policy) -> str:
    """The rules file."""
    return MANAGED + "".join(f"{line}\n" for line in _rules(policy))


def _rules(policy: Policy) -> Iterator[str]:
    yield "# No desktop mounts, shows or starts what is on a USB or an optical drive."
    yield 'SUBSYSTEM=="block", SUBSYSTEMS=="usb", ENV{UDISKS_IGNORE}="1"'
    yield 'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", ENV{UDISKS_IGNORE}="1"'
    if policy.station:
        yield "# Media are imported here: USB storage may be plugged in."
        return
    yield "# USB storage, cameras and telephones get no driver: each interface of these classes is unauthorised."
    yield f'ACTION!="add", GOTO="{_END}"'
    yield f'SUBSYSTEM!="usb", GOTO="{_END}"'
    yield f'ENV{{DEVTYPE}}!="usb_interface", GOTO="{_END}"'
    yield f'ATTR{{bInterfaceClass}}!="{_STORAGE}", GOTO="{_END}"'
    for one in policy.permitted:
        yield f'{_match(one)}, GOTO="{_END}"'
    yield 'ATTR{authorized}="0"'
    yield f'LABEL="{_END}"'


def _match(one: Permitted) -> str:
    serial = f', ATTRS{{serial}}=="{one.serial}"' if one.serial else ""
    return f'ATTRS{{idVendor}}=="{one.vendor}", ATTRS{{idProduct}}=="{one.product}"{serial}'


def unit_name(where: str) -> str:
    """The name that systemd demands of the unit of a mount point (systemd-escape(1), --path)."""
    name = where.strip("/")
    escaped = "".join(_escaped(number, character) for number, character in enumerate(name))
    return f"{escaped}.mount"


def _escaped(number: int, character: str) -> str:
    if character == "/":
        return "-"
    if (character.isascii() and character.isalnum()) or character in ":_" or (character == "." and number):
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


def unit(mount: Mount) -> str:
    """The unit of a mount. It is started when a medium is there, never by itself."""
    kind = "none" if mount.is_folder else mount.filesystem
    options = f"bind,{OPTIONS}" if mount.is_folder else OPTIONS
    return (
        f"{MANAGED}[Unit]\nDescription=Medium to be imported, from {mount.device}\n\n"
        f"[Mount]\nWhat={mount.device}\nWhere={mount.where}\nType={kind}\nOptions={options}\n"
        "DirectoryMode=0750\nTimeoutSec=60\n"
    )
