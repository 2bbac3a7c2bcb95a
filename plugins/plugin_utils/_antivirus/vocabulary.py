# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words a profile may use for what compensates an exclusion: data."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Compensation

#: Each with the check that shows it: the controls of the compliance report that judge it.
COMPENSATIONS: Mapping[str, Compensation] = {
    "noexec_mount": Compensation("nothing in it can be run: mounted noexec, nosuid and nodev", "FILE-03"),
    "import_check": Compensation("files are checked for executable preambles on their way in", "FILE-01"),
    "scheduled_scan": Compensation("it is scanned off hours, report only", "AV-08"),
    "edr": Compensation("endpoint detection and response still watches it", "AV-04"),
    "canary": Compensation("test files show that scanning stops at its edge, and nowhere else", "AV-03"),
    "segmentation": Compensation("the firewalls let only declared peers reach the host", "SEG-02"),
}
