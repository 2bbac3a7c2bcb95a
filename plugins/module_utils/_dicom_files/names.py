# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files: what a desktop would run, and how a file is spoken of without telling its name. Private, pure."""

from __future__ import annotations

import hashlib

_SUFFIXES = (
    "app appref-ms bat cmd com command cpl desktop dll exe gadget hta inf iso jar js jse lnk msc msi msp ocx pif "
    "ps1 psm1 py pyw reg run scf scr sct sh sys url vb vbe vbs vhd vhdx ws wsc wsf wsh"
)
_PROGRAMS = frozenset(_SUFFIXES.split())
#: The last two characters of all of them: most names are dismissed by these.
TAILS = frozenset(name[-2:] for name in _PROGRAMS)


def runs_by_name(name: str) -> str:
    """The suffix by which Windows or a desktop runs, mounts or installs a file that is opened; empty if none."""
    suffix = name.rpartition(".")[2].lower()
    return suffix if suffix in _PROGRAMS and len(suffix) < len(name) else ""


def object_id(path: str, key: bytes) -> str:
    """Stands for a file in a report: its path below the store, hashed with the key of this host's state.

    Names of files and folders often are names of patients, and too few to be safe behind a hash without a key.
    """
    return hashlib.blake2b(path.encode("utf-8", "surrogateescape"), key=key, digest_size=8).hexdigest()


def printable(path: str) -> str:
    """A path for people: bytes that are no UTF-8, line ends and other controls as escapes."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
