# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule for an AE title (DICOM PS3.5 section 6.2, VR AE; PS3.8 section 9.3.2)."""

from __future__ import annotations

MAXIMUM_BYTES = 16

#: Titles that products ship with. A device that keeps one can be guessed, and collides with the next such device.
SHIPPED_TITLES = frozenset(
    {"ORTHANC", "DCM4CHEE", "ANY-SCP", "ANYSCP", "ECHOSCU", "STORESCP", "STORESCU", "FINDSCU", "MOVESCU"}
)


def ae_title_problem(title: str) -> str | None:
    """Say what is wrong with ``title``, or None where it is a legal AE title that every peer will match."""
    if not title.strip(" "):
        return "an AE title of blanks is forbidden"
    if any(not 0x20 <= ord(character) <= 0x7E for character in title):
        return "an AE title holds printable ASCII characters only"
    if len(title) > MAXIMUM_BYTES:
        return f"an AE title has at most {MAXIMUM_BYTES} bytes, this one has {len(title)}"
    if "\\" in title:
        return "an AE title may not hold a backslash"
    if title != title.strip(" "):
        return "blanks at the ends of an AE title do not count in DICOM, and some archives then never match it"
    return None
