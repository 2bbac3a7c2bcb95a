# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells from processes, units and lines of schedules what is left over of remote access. Private, pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.leftover_table import (
    BY_ID,
    BY_PROGRAM,
    LEFTOVERS,
    Leftover,
)

#: How something counts: it runs, or begins by itself; or it is only installed.
ACTIVE, INSTALLED = "active", "installed"

_SERIAL = re.compile(r"(?:/dev/)?(tty(?:S|USB|ACM|AMA|GS)\d+|rfcomm\d+)")
_GETTYS = ("agetty", "getty", "mgetty", "fgetty", "mingetty", "login")
_UNIT = re.compile(r"/([^/]+\.(?:service|scope|socket))(?:/|$)")
_REMOTE_FORWARD = re.compile(r"-[1246AaCfGgKkMNnqsTtVvXxYy]*R")
#: The kernel cuts names of processes there.
_CUT = 15
#: Where sshd puts the displays of X11 (X11DisplayOffset 10), on loopback.
_X11_PORTS = range(6010, 6074)


@dataclass(frozen=True)
class Process:
    """A process: its number, its name (cut by the kernel), its command line, its unit, and what stands at its input."""

    pid: int
    name: str
    arguments: tuple[str, ...]
    unit: str | None = None
    terminal: str | None = None


@dataclass(frozen=True)
class Found:
    """Something that was found: which, C(active) or C(installed), in words where, and the unit that runs or starts it.
    I(port): where it listens, if that is all that is known of it, with its protocol.
    """

    id: str
    state: str
    where: str
    unit: str | None = None
    port: tuple[str, int] | None = None

    def document(self) -> dict[str, Any]:
        """Plain data."""
        port = None if self.port is None else list(self.port)
        return {"id": self.id, "state": self.state, "where": self.where, "unit": self.unit, "port": port}


def unit_of(cgroups: str) -> str | None:
    """The unit of systemd in the text of C(/proc/PID/cgroup), None where it belongs to none."""
    units = [match[1] for line in cgroups.splitlines() for match in _UNIT.finditer(line)]
    return units[-1] if units else None


def by_command(arguments: Sequence[str], name: str = "") -> Leftover | None:
    """Which of the table a command line is, or a process of that name."""
    first = arguments[0].rpartition("/")[2] if arguments else ""
    for word in (first, name):
        if word in BY_PROGRAM:
            return BY_PROGRAM[word]
    if len(name) == _CUT:
        cut = next((one for known, one in BY_PROGRAM.items() if known[:_CUT] == name), None)
        if cut is not None:
            return cut
    if (first or name) == "ssh" and opens_there(arguments):
        return BY_ID["ssh_remote"]
    line = " ".join(arguments).lower()
    return next((one for one in LEFTOVERS if any(word in line for word in one.words)), None)


def opens_there(arguments: Sequence[str]) -> bool:
    """Whether an ssh takes a port on the other side: with -R, alone or among short options, or as an option's text."""
    options = [word for word in arguments[1:] if word.startswith("-") or "=" in word]
    return any(
        _REMOTE_FORWARD.match(word) or word.lower().lstrip("-o").lstrip().startswith("remoteforward")
        for word in options
    )


def is_session_of_sshd(process: Process) -> bool:
    """Whether it is sshd at work for somebody who has logged in, not the one that listens for all."""
    title = process.arguments[0] if process.arguments else ""
    return (
        process.name in ("sshd", "sshd-session")
        and title.startswith(("sshd: ", "sshd-session: "))
        and "[listener]" not in " ".join(process.arguments)
    )


def is_of_x11(address: str, port: int) -> bool:
    """Whether a port that sshd took is that of a display, which it keeps to loopback."""
    return port in _X11_PORTS and address in ("127.0.0.1", "::1")


def serial_line(process: Process) -> str | None:
    """The serial line on which a process offers a login, None where it offers none, or elsewhere."""
    if process.name not in _GETTYS:
        return None
    places = [*process.arguments[1:], process.terminal or ""]
    matches = (_SERIAL.fullmatch(place) for place in places)
    return next((match[1] for match in matches if match), None)


def consoles(command_line: str) -> frozenset[str]:
    """The lines that the kernel's own command line names as consoles: those of virtual machines, most of the time."""
    words = command_line.split()
    return frozenset(word[8:].split(",")[0] for word in words if word.startswith("console="))


def of_process(process: Process, known_consoles: frozenset[str]) -> Found | None:
    """What a running process is, None if it is nothing that is looked for."""
    where = f"process {process.pid} ({process.name})"
    line = serial_line(process)
    if line is not None:
        return None if line in known_consoles else Found("serial_getty", ACTIVE, f"{where} on {line}", process.unit)
    known = by_command(process.arguments, process.name)
    return None if known is None else Found(known.id, ACTIVE, where, process.unit)


def of_unit(name: str, known_consoles: frozenset[str]) -> Found | None:
    """What a unit is that begins by itself."""
    line = re.fullmatch(r"(?:serial-)?getty@(.+)\.service", name)
    if line is not None:
        serial = _SERIAL.fullmatch(line[1])
        if serial is None or serial[1] in known_consoles:
            return None
        return Found("serial_getty", ACTIVE, f"{name} begins by itself", name)
    stem = name.rpartition(".")[0]
    for one in LEFTOVERS:
        if any(
            stem == unit or stem.startswith((f"{unit}@", f"{unit}-")) or (unit.endswith("@") and stem.startswith(unit))
            for unit in one.units
        ):
            return Found(one.id, ACTIVE, f"{name} begins by itself", name)
    return None


def in_schedule(text: str, unit: bool) -> Iterable[Leftover]:
    """What the lines of a crontab, or those of a unit that start something, start."""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")) or (unit and not line.startswith("Exec")):
            continue
        words = line.partition("=")[2].lstrip("-+!@:|").split() if unit else line.split()
        yield from dict.fromkeys(_in_line(words))


def _in_line(words: Sequence[str]) -> Iterator[Leftover]:
    for at, word in enumerate(words):
        program = word.rpartition("/")[2]
        # Elsewhere in a line a name may be a folder or an account.
        if program in BY_PROGRAM and (at == 0 or word.startswith("/") or _begins(words, at)):
            yield BY_PROGRAM[program]
        elif program == "ssh" and opens_there(words[at:]):
            yield BY_ID["ssh_remote"]


def _begins(words: Sequence[str], at: int) -> bool:
    """Whether a command begins there: behind five times and an account, a @reboot, or another command."""
    return at in (1, 2, 5, 6) or words[at - 1] in ("exec", "nohup", "&&", "||", ";", "sudo", "env")


def modem_at(name: str, driver: str, protocol: str) -> str | None:
    """What a serial device of USB is, in words; None where it isn't known for a modem."""
    if name.startswith("ttyACM"):
        # 01 to 06 speak AT commands (USB CDC 1.2, table 5); others are often instruments and readers.
        return f"/dev/{name} takes AT commands" if protocol in ("01", "02", "03", "04", "05", "06") else None
    return f"/dev/{name} with the modem driver {driver}" if driver in MODEM_DRIVERS else None


#: Drivers of modems behind USB, as the kernel calls them.
MODEM_DRIVERS = ("option", "option1", "qcserial", "sierra", "hso", "ipw", "qcaux", "moto_modem", "navman")


def unique(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Plain data, each thing once, in a stable order."""
    documents = [one.document() for one in dict.fromkeys(found)]
    return sorted(documents, key=lambda one: (one["id"], one["where"]))


def sshd_forwards(
    sessions: Mapping[int, Sequence[int]], listeners: Iterable[tuple[str, str, int, int]]
) -> Iterable[Found]:
    """Ports that sshd took for sessions: I(sessions) are sockets by process, I(listeners) protocol, address, port and
    socket.
    """
    for protocol, address, port, inode in listeners:
        for pid, inodes in sessions.items():
            if protocol == "tcp" and inode in inodes and not is_of_x11(address, port):
                yield Found("sshd_forward", ACTIVE, f"tcp {port} on {address}, taken by process {pid} (sshd)")
