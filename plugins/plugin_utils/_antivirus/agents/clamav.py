# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClamAV on Debian: clamd, clamonacc, freshclam and a scheduled scan that only reports.

Each option that is set answers a way in which the shipped configuration takes images away, or is silently void; the
comments in the files say which. The files are whole: what stood in them before is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.acceptance import RETREAT

from ..policy import AntivirusPolicy, Rendered, RenderedFile
from . import clamav_scan
from .clamav_dialects import MANAGED, SLICE, SYSTEMD, expression, lines, literal, size
from .clamav_scan import scan_files

CLAMD, ONACCESS, FRESHCLAM = "clamav-daemon.service", "clamav-clamonacc.service", "clamav-freshclam.service"
CLAMD_SOCKET = "clamav-daemon.socket"
START = "pacs-antivirus-start"
START_TIMER = f"{START}.timer"
SOCKET = "/run/clamav/clamd.ctl"
#: Debian's AppArmor profile of clamd, and what it includes of a site's own.
APPARMOR, APPARMOR_LOCAL = "/etc/apparmor.d/usr.sbin.clamd", "/etc/apparmor.d/local/usr.sbin.clamd"
CLAMD_CONF, FRESHCLAM_CONF = "/etc/clamav/clamd.conf", "/etc/clamav/freshclam.conf"

#: Whatever clamd loads signatures from (.hsb, .ndb, .ldb, .cud, .cvd and their like). freshclam.dat is none.
_ANY_DATABASE = "/var/lib/clamav/*.[chlmny][adlsuv][bdr]"
#: Of the makers' databases, which a site with its own signatures alone leaves out.
_OFFICIAL = ("daily", "main", "bytecode")


def render(policy: AntivirusPolicy) -> Rendered:
    """Every file of ClamAV on one host."""
    files = (
        RenderedFile(CLAMD_CONF, _clamd(policy), unit=CLAMD),
        RenderedFile(FRESHCLAM_CONF, _freshclam(policy), unit=FRESHCLAM),
        RenderedFile(APPARMOR_LOCAL, _apparmor(policy), unit=CLAMD),
        RenderedFile(f"{SYSTEMD}/{SLICE}", _slice(policy)),
        RenderedFile(f"{SYSTEMD}/clamav-daemon.service.d/pacs.conf", _clamd_unit(policy), unit=CLAMD),
        RenderedFile(f"{SYSTEMD}/clamav-daemon.socket.d/pacs.conf", _clamd_socket(policy), unit=CLAMD_SOCKET),
        RenderedFile(f"{SYSTEMD}/clamav-clamonacc.service.d/pacs.conf", _onaccess_unit(), unit=ONACCESS),
        RenderedFile(f"{SYSTEMD}/clamav-freshclam.service.d/pacs.conf", _freshclam_unit(), unit=FRESHCLAM),
        RenderedFile(f"{SYSTEMD}/{START}.service", _start_service(policy)),
        RenderedFile(f"{SYSTEMD}/{START_TIMER}", _start_timer(), unit=START_TIMER),
        *scan_files(policy),
    )
    # clamonacc ends at once where it has nothing to watch.
    wanted = {ONACCESS: bool(policy.watched) and not policy.retreated, clamav_scan.TIMER: policy.scan is not None}
    return Rendered(
        files,
        tuple(_shortcomings(policy)),
        # Signatures first: nothing else starts without them.
        running=(FRESHCLAM, CLAMD_SOCKET, CLAMD, START_TIMER, *(unit for unit, runs in wanted.items() if runs)),
        stopped=tuple(unit for unit, runs in wanted.items() if not runs),
    )


def _shortcomings(policy: AntivirusPolicy) -> Iterator[str]:
    for path in policy.values("process"):
        yield f"ClamAV excludes no processes: {path} is scanned like any other."
    if policy.retreated:
        yield "Nothing is scanned when it is opened: a test on this host found that too slow."
    elif policy.watched and not policy.prevention:
        yield "ClamAV only reports what it finds: infected files open, and somebody has to read its log."
    if policy.watched and not policy.retreated:
        yield f"Files larger than {size(policy.limits.on_access)} open unscanned."


def _clamd(policy: AntivirusPolicy) -> str:
    limits = policy.limits
    return lines(
        MANAGED,
        f"LocalSocket {SOCKET}",
        "FixStaleSocket yes",
        "LocalSocketGroup clamav",
        "# Whoever may write to the socket may shut the daemon down.",
        "LocalSocketMode 660",
        "User clamav",
        "DatabaseDirectory /var/lib/clamav",
        "LogFile /var/log/clamav/clamav.log",
        "LogTime yes",
        "ExtendedDetectionInfo yes",
        "MaxThreads 12",
        "FollowDirectorySymlinks no",
        "FollowFileSymlinks no",
        "# Above these sizes a file counts as clean without having been looked at.",
        f"MaxFileSize {size(limits.file)}",
        f"MaxScanSize {size(limits.unpacked)}",
        f"StreamMaxLength {size(limits.file)}",
        f"PCREMaxFileSize {size(limits.file)}",
        "# On, it would block whatever is too large to be scanned; the scheduled scan reports those.",
        "AlertExceedsMax no",
        *(f"ExcludePath {expression(path)}" for path in policy.values("path")),
        *(f"OnAccessIncludePath {literal(path)}" for path in policy.watched),
        *(f"OnAccessExcludePath {literal(path)}" for path in policy.values("path")),
        "# clamd would wait on itself.",
        "OnAccessExcludeUname clamav",
        f"OnAccessMaxFileSize {size(limits.on_access)}",
        f"OnAccessPrevention {_yes(policy.prevention)}",
        "# A scanner that fails must not lock files away.",
        "OnAccessDenyOnError no",
    )


def _freshclam(policy: AntivirusPolicy) -> str:
    updates = policy.updates
    if updates.source == "internet" and updates.official:
        source = ["DatabaseMirror database.clamav.net", "DNSDatabaseInfo current.cvd.clamav.net", "ScriptedUpdates yes"]
    else:
        # freshclam demands a mirror even where nothing is fetched from one; nobody listens there.
        mirrors = updates.mirrors or ("http://127.0.0.1:9",)
        source = ["DNSDatabaseInfo no", "ScriptedUpdates no", *(f"PrivateMirror {mirror}" for mirror in mirrors)]
    return lines(
        MANAGED,
        "DatabaseDirectory /var/lib/clamav",
        "DatabaseOwner clamav",
        "UpdateLogFile /var/log/clamav/freshclam.log",
        "LogTime yes",
        f"NotifyClamd {CLAMD_CONF}",
        f"Checks {updates.checks}",
        "MaxAttempts 3",
        "ConnectTimeout 30",
        "ReceiveTimeout 60",
        "# A broken database is refused, and the old one kept.",
        "TestDatabases yes",
        *source,
        *(f"ExcludeDatabase {name}" for name in _OFFICIAL if not updates.official),
        *(f"DatabaseCustomURL {url}" for url in updates.custom),
    )


def _apparmor(policy: AntivirusPolicy) -> str:
    """Debian's profile lets clamd read homes and mail spools only, also through a descriptor that it is handed.

    A path holds none of AppArmor's own characters: paths.py refuses patterns and quotes.
    """
    return lines(MANAGED, *(f'"{path}/" r,\n"{path}/**" r,' for path in policy.watched))


def _slice(policy: AntivirusPolicy) -> str:
    resources = policy.resources
    return lines(
        MANAGED,
        "[Unit]",
        "Description=Antivirus, after whatever serves images",
        "[Slice]",
        f"CPUWeight={resources.cpu_weight}",
        f"IOWeight={resources.io_weight}",
        *([f"CPUQuota={resources.cpu_quota}%"] if resources.cpu_quota else []),
    )


def _clamd_unit(policy: AntivirusPolicy) -> str:
    return lines(
        MANAGED,
        *_any_database(policy),
        "[Service]",
        "# Where there is AppArmor, it learns what is watched.",
        f"ExecStartPre=-/sbin/apparmor_parser --replace {APPARMOR}",
        "ExecStartPre=-/bin/mkdir -p /run/clamav",
        "ExecStartPre=/bin/chown clamav /run/clamav",
        "Restart=on-failure",
        "RestartSec=10",
        f"Slice={SLICE}",
    )


def _clamd_socket(policy: AntivirusPolicy) -> str:
    return lines(MANAGED, *_any_database(policy), "[Socket]", "SocketMode=0660")


def _any_database(policy: AntivirusPolicy) -> list[str]:
    """Debian's units start nothing without main and daily, which a site with signatures of its own may not have."""
    if policy.updates.official:
        return []
    return ["[Unit]", "ConditionPathExistsGlob=", f"ConditionPathExistsGlob={_ANY_DATABASE}"]


def _start_service(policy: AntivirusPolicy) -> str:
    units = (CLAMD_SOCKET, CLAMD, *([ONACCESS] if policy.watched else []))
    return lines(
        MANAGED,
        "[Unit]",
        "Description=Start antivirus, where it has signatures by now",
        "[Service]",
        "Type=oneshot",
        f"ExecStart=/bin/systemctl start {' '.join(units)}",
    )


def _start_timer() -> str:
    return lines(
        MANAGED,
        "[Unit]",
        "Description=Start antivirus, where it has signatures by now",
        "[Timer]",
        "OnActiveSec=5min",
        "OnUnitInactiveSec=5min",
        "[Install]",
        "WantedBy=timers.target",
    )


def _onaccess_unit() -> str:
    return lines(
        MANAGED,
        "[Unit]",
        "# Debian's own would wait for a daemon that has no signatures, and fail.",
        f"ConditionPathExists={SOCKET}",
        "# On a host whose images it was found to slow down it doesn't start.",
        f"ConditionPathExists=!{RETREAT}",
        "[Service]",
        "# Debian's own moves what it finds to /root/quarantine, images among it.",
        "ExecStart=",
        "ExecStart=/usr/sbin/clamonacc -F --fdpass --log=/var/log/clamav/clamonacc.log",
        "# Its log names what was found, and names may be those of patients.",
        "UMask=0077",
        "Restart=on-failure",
        "RestartSec=10",
        f"Slice={SLICE}",
    )


def _freshclam_unit() -> str:
    return lines(MANAGED, "[Service]", f"Slice={SLICE}", "Nice=10", "IOSchedulingClass=idle")


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
