# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that this collection's host-side code raises on purpose. Private to the collection."""

from __future__ import annotations


class HardeningError(Exception):
    """A refusal or failure that a person must read: the text says what was found and what to do next."""


class ApplyFailed(HardeningError):
    """A change that was begun and did not come through. I(rolled_back): the rules from before it are in force."""

    def __init__(self, message: str, change_id: str, rolled_back: bool) -> None:
        super().__init__(message)
        self.change_id = change_id
        self.rolled_back = rolled_back
