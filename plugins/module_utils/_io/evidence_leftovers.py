# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for what is left over of remote access: processes, listeners, units, schedules, lines, interfaces. Private."""

from __future__ import annotations

import contextlib
import glob
import os
import socket
from collections.abc import Iterator
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence import leftovers as judged
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.leftover_table import (
    BY_PORT,
    BY_PROGRAM,
    DIAL_UP,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.leftovers import (
    ACTIVE,
    INSTALLED,
    Found,
    Process,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.links import (
    REQUEST_LINKS,
    Incomplete,
    answer_ends,
    tunnels_in,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.sockets import (
    TABLES,
    Listener,
    parse_listeners,
    plain_name,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file

_UNITS = ("/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*.conf")
_SCHEDULES = (
    "/etc/crontab",
    "/etc/cron.d/*",
    "/etc/cron.*ly/*",
    "/etc/rc.local",
    "/etc/inittab",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/*",
)
_PEERS = "/etc/ppp/peers/*"
_PROGRAM_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
_INETD = ("/etc/inetd.conf", "/etc/xinetd.d/*")
_NETLINK_ROUTE = 0


def remote_leftovers(host: Host) -> dict[str, Any]:
    """The part C(remote_leftovers). Without root sockets of others have no owner, and that is said."""
    consoles = judged.consoles(_text(f"{host.proc}/cmdline"))
    processes = list(_processes(host))
    listeners = _listeners(host)
    owners, unseen = _owners(host, processes)
    sessions = {one.pid: owners.get(one.pid, ()) for one in processes if judged.is_session_of_sshd(one)}
    running = [one for one in (judged.of_process(process, consoles) for process in processes) if one is not None]
    found = [
        *running,
        *judged.sshd_forwards(sessions, [(one.protocol, one.address, one.port, one.inode) for one in listeners]),
        *_on_ports(listeners, processes, owners),
        *_units(host, consoles),
        *_schedules(host),
        *_peers(host),
        *_devices(host),
        *_installed(host, {one.id for one in running}),
    ]
    return {
        "found": judged.unique(found),
        "interfaces": [{"name": one.name, "kind": one.kind} for one in tunnels_in(_links())],
        "consoles": sorted(consoles),
        "unseen": unseen,
    }


def _processes(host: Host) -> Iterator[Process]:
    for pid, name in host.processes():
        arguments = tuple(host.arguments(pid))
        if not arguments:
            continue  # of the kernel, or gone
        unit = judged.unit_of(_text(f"{host.proc}/{pid}/cgroup"))
        terminal = None
        with contextlib.suppress(OSError):
            terminal = os.readlink(f"{host.proc}/{pid}/fd/0")
        yield Process(pid, plain_name(name) or "unnamed", arguments, unit, terminal)


def _listeners(host: Host) -> list[Listener]:
    found: list[Listener] = []
    for table in TABLES:
        with contextlib.suppress(FileNotFoundError):
            found += parse_listeners(read_file(f"{host.proc}/net/{table}"), table)
    return found


def _owners(host: Host, processes: list[Process]) -> tuple[dict[int, tuple[int, ...]], int]:
    """The sockets of each process, and how many processes nobody may look into."""
    owners: dict[int, tuple[int, ...]] = {}
    unseen = 0
    for one in processes:
        sockets = []
        try:
            for descriptor in os.listdir(f"{host.proc}/{one.pid}/fd"):
                with contextlib.suppress(OSError):
                    target = os.readlink(f"{host.proc}/{one.pid}/fd/{descriptor}")
                    if target.startswith("socket:[") and target[8:-1].isdigit():
                        sockets.append(int(target[8:-1]))
        except PermissionError:
            unseen += 1
        except OSError:  # gone meanwhile
            continue
        owners[one.pid] = tuple(sockets)
    return owners, unseen


def _on_ports(
    listeners: list[Listener], processes: list[Process], owners: dict[int, tuple[int, ...]]
) -> Iterator[Found]:
    """Who listens where only what is looked for is expected."""
    by_socket = {inode: one for one in processes for inode in owners.get(one.pid, ())}
    for listener in listeners:
        known = BY_PORT.get((listener.protocol, listener.port))
        if known is not None:
            owner = by_socket.get(listener.inode)
            who = f" ({owner.name})" if owner else ""
            where = f"{listener.protocol} {listener.port} on {listener.address}{who}"
            unit = owner.unit if owner else None
            yield Found(known.id, ACTIVE, where, unit, (listener.protocol, listener.port))


def _units(host: Host, consoles: frozenset[str]) -> Iterator[Found]:
    for kind in ("wants", "requires"):
        for path in glob.glob(_at(host, f"/etc/systemd/system/*.{kind}/*")):
            found = judged.of_unit(os.path.basename(path), consoles)
            if found is not None:
                yield found
    for pattern in _UNITS:
        for path in glob.glob(_at(host, pattern)):
            own = path if path.endswith(".service") else os.path.dirname(path)
            name = os.path.basename(own).removesuffix(".d")
            for known in judged.in_schedule(_text(path), unit=True):
                yield Found(known.id, ACTIVE, f"{name} starts it", name)


def _schedules(host: Host) -> Iterator[Found]:
    for pattern in (*_SCHEDULES, *_INETD):
        for path in glob.glob(_at(host, pattern)):
            for known in judged.in_schedule(_text(path), unit=False):
                yield Found(known.id, ACTIVE, f"{path} starts it")


def _peers(host: Host) -> Iterator[Found]:
    """Whom pppd may dial, where pppd is. Other packages leave scripts below /etc/ppp, which prove nothing."""
    for path in glob.glob(_at(host, _PEERS)):
        # What the package ships dials nobody.
        if os.path.basename(path) != "provider" and _is_there(host, "pppd"):
            yield Found("pppd", ACTIVE, f"{path} names somebody to dial")


def _installed(host: Host, running: set[str]) -> Iterator[Found]:
    for name, known in BY_PROGRAM.items():
        if known.kind == DIAL_UP and known.id not in running and (path := _is_there(host, name)):
            yield Found(known.id, INSTALLED, f"{path} is installed")


def _is_there(host: Host, program: str) -> str | None:
    return next((path for folder in _PROGRAM_FOLDERS if os.path.exists(path := f"{host.root}{folder}/{program}")), None)


def _devices(host: Host) -> Iterator[Found]:
    for path in sorted(glob.glob(f"{host.root}/sys/class/tty/tty[AU][CS][MB]*")):
        name = os.path.basename(path)
        driver = os.path.basename(os.path.realpath(f"{path}/device/driver"))
        protocol = _text(f"{path}/device/bInterfaceProtocol").strip()
        said = judged.modem_at(name, driver, protocol)
        if said is not None:
            yield Found("modem", ACTIVE, said)
    for path in sorted(glob.glob(f"{host.root}/sys/bus/pci/devices/*/class")):
        if _text(path).startswith("0x0703"):  # a modem, by PCI's list of classes
            yield Found("modem", ACTIVE, f"the PCI device {path.split('/')[-2]}")
    for pattern in ("/dev/wwan*", "/dev/cdc-wdm*"):
        for path in sorted(glob.glob(f"{host.root}{pattern}")):
            yield Found("modem", ACTIVE, f"{path} of a mobile network")
    for pattern in ("/sys/class/mISDN/*", "/dev/capi20*", "/dev/isdn*"):
        for path in sorted(glob.glob(f"{host.root}{pattern}")):
            if path.split("/")[-2:] != ["mISDN", "core"]:
                yield Found("isdn", ACTIVE, f"{path} of ISDN")


def _links() -> bytes:
    """The kernel's list of interfaces, of this process's network."""
    received = b""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as line:
        line.settimeout(1)
        line.send(REQUEST_LINKS)
        while True:
            piece = line.recv(1 << 18)
            received += piece
            try:
                if answer_ends(piece):
                    return received
            except Incomplete as exc:
                raise Unreadable(str(exc)) from exc


def _text(path: str) -> str:
    """A file's text, empty where there is none or nobody may read it."""
    try:
        return read_file(path)
    except (OSError, Unreadable):
        return ""


def _at(host: Host, path: str) -> str:
    """Where a path of the real host is on this one."""
    return path.replace("/etc", host.etc, 1) if path.startswith("/etc/") else f"{host.root}{path}"
