# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduled scan of ClamAV: it opens files and touches nothing, and keeps a report that names none of them."""

from __future__ import annotations

from collections.abc import Iterable

from ..paths import covers
from ..policy import AntivirusPolicy, RenderedFile
from .clamav_dialects import MANAGED, SLICE, SYSTEMD, argument, expression, lines, size

UNIT = "pacs-antivirus-scan"
TIMER = f"{UNIT}.timer"
LOG = "/var/log/clamav/pacs-scan.log"
#: systemd's StateDirectory below /var/lib, and what is kept there.
STATE = "pacs-antivirus"
REPORT = f"/var/lib/{STATE}/scan.json"
PROGRAM = "/usr/local/lib/pacs-hardening/antivirus_scan.py"

_DESCRIPTION = "Description=Scheduled antivirus scan that only reports"


def scan_files(policy: AntivirusPolicy) -> tuple[RenderedFile, ...]:
    """Its units and its program, or that there are none."""
    wanted = policy.scan is not None
    return (
        RenderedFile(PROGRAM, None, program="antivirus_scan" if wanted else None),
        RenderedFile(f"{SYSTEMD}/{UNIT}.service", _service(policy)),
        RenderedFile(f"{SYSTEMD}/{TIMER}", _timer(policy), unit=TIMER),
    )


def scan_command(policy: AntivirusPolicy) -> list[str]:
    """What looks for malware. clamscan reads no clamd.conf."""
    return [
        "/usr/bin/clamscan",
        *("--recursive", "--infected", "--stdout", "--follow-dir-symlinks=0", "--follow-file-symlinks=0"),
        f"--max-filesize={size(policy.limits.file)}",
        f"--max-scansize={size(policy.limits.unpacked)}",
        "--alert-exceeds-max=yes",
        *(f"--exclude-dir={expression(path)}" for path in _left_out(policy)),
        "--",
        *policy.scanned(),
    ]


def _service(policy: AntivirusPolicy) -> str | None:
    if policy.scan is None:
        return None
    excluded = policy.values("path") if policy.scan.excluded else ()
    words = [
        *(PROGRAM, f"--report={REPORT}"),
        *(f"--root={path}" for path in policy.scanned() if path not in excluded),
        *(f"--excluded={path}" for path in excluded),
        *("--", *scan_command(policy)),
    ]
    return lines(
        MANAGED,
        "[Unit]",
        _DESCRIPTION,
        "[Service]",
        "Type=oneshot",
        f"ExecStart=/usr/bin/python3 -I -B {' '.join(map(argument, words))}",
        f"TimeoutStartSec={policy.scan.hours}h",
        "# It keeps what it knows when its time is over.",
        "KillMode=mixed",
        f"StandardOutput=truncate:{LOG}",
        "UMask=0077",
        "# On access this user is let through: as anybody else it would be refused what it is to report.",
        "User=clamav",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
        "AmbientCapabilities=CAP_DAC_READ_SEARCH",
        "# clamscan asks access(2), which forgets capabilities otherwise.",
        "SecureBits=no-setuid-fixup",
        f"CacheDirectory={STATE}",
        f"Environment=TMPDIR=/var/cache/{STATE}",
        f"StateDirectory={STATE}",
        "StateDirectoryMode=0700",
        "Nice=19",
        "IOSchedulingClass=idle",
        f"Slice={SLICE}",
        "NoNewPrivileges=yes",
        "PrivateNetwork=yes",
        "ProtectSystem=strict",
    )


def _left_out(policy: AntivirusPolicy) -> Iterable[str]:
    """Excluded directories that the scan would come through, and shouldn't."""
    if policy.scan is None or policy.scan.excluded:
        return ()
    return [path for path in policy.values("path") if any(covers(outer, path, "linux") for outer in policy.scanned())]


def _timer(policy: AntivirusPolicy) -> str | None:
    if policy.scan is None:
        return None
    return lines(
        MANAGED,
        "[Unit]",
        _DESCRIPTION,
        "[Timer]",
        f"OnCalendar={policy.scan.calendar}",
        "RandomizedDelaySec=10min",
        "[Install]",
        "WantedBy=timers.target",
    )
