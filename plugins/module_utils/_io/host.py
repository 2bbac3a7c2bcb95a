# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the managed host, part by part, and change nothing. Private."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import platform
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence import logs
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.nftables import nftables_document
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.sockets import (
    TABLES,
    listener_documents,
    parse_listeners,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.system import login_users, system_document
from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES as OWN_TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import newest_confirmed, pending
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, Layout

_LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Host:
    """Where a host keeps what is looked at: C(root) stands before every other path. The defaults are the real host;
    tests have folders of their own.
    """

    proc: str = "/proc"
    etc: str = "/etc"
    root: str = ""
    layout: Layout = field(default_factory=Layout)

    def system(self) -> dict[str, Any]:
        """Its distribution, kernel, Python and name."""
        release = None
        for path in (f"{self.etc}/os-release", "/usr/lib/os-release"):
            with contextlib.suppress(FileNotFoundError):
                release = read_file(path)
                break
        names = os.uname()
        return system_document(release, names.release, platform.python_version(), names.nodename)

    def nftables(self) -> dict[str, Any]:
        """All tables in force."""
        nft = Nft.find()
        if nft is None:
            raise Absent("nft isn't installed")
        if not is_root():
            raise Unreadable("needs root: only root can read the firewall's rules")
        return nftables_document(nft.ruleset(), self._legacy_tables())

    def sockets(self) -> dict[str, Any]:
        """Who listens. Whose a socket is, is known only where this process may look into its owner."""
        found = []
        for table in TABLES:
            try:
                found += parse_listeners(read_file(f"{self.proc}/net/{table}"), table)
            except FileNotFoundError:
                if not table.endswith("6"):  # a kernel without IPv6 has no such file
                    raise
        return {"listeners": listener_documents(found, self._owners({one.inode for one in found}))}

    def forwarding(self) -> dict[str, Any]:
        """Whether it passes packets on. An interface alone may, too."""
        return {
            "ipv4": self._forwards("ipv4", f"{self.proc}/sys/net/ipv4/ip_forward"),
            "ipv6": self._forwards("ipv6", f"{self.proc}/sys/net/ipv6/conf/all/forwarding"),
        }

    def firewall_changes(self) -> dict[str, Any]:
        """What the host's journal of our changes says."""
        try:
            os.listdir(self.layout.journal)
        except FileNotFoundError:
            raise Absent("this collection never changed the firewall here") from None
        entries = Journal(self.layout).entries()
        confirmed = newest_confirmed(entries, OWN_TABLES[0])
        return {
            "pending": [
                {"id": entry.id, "deadline_utc": entry.change.deadline_utc if entry.change else None}
                for entry in pending(entries)
            ],
            "confirmed": confirmed
            and {"id": confirmed.id, "created_utc": confirmed.created_utc, "text_sha256": confirmed.text_sha256},
            "boot_unit": {
                "enabled": systemd.says("is-enabled", BOOT_UNIT),
                "active": systemd.says("is-active", BOOT_UNIT),
            },
        }

    def accounts(self) -> dict[str, Any]:
        """Local accounts with a shell."""
        return {"login_users": login_users(read_file(f"{self.etc}/passwd"))}

    def logging(self) -> dict[str, Any]:
        """Who takes the drop log and who passes logs on to another host."""
        # Each is asked once: a process may end between two questions.
        commands = [self.arguments(pid) for pid, _name in self.processes()]
        running = {os.path.basename(words[0]) for words in commands if words}
        away = {name: self._sends_away(name) for name in logs.FORWARDERS if name in running}
        sending = sorted(name for name, known in away.items() if known)
        return {
            "journald": logs.JOURNALD in running,
            "nflog_listener": self._nflog_listener(),
            "drop_log_group": logs.DROP_LOG_GROUP,
            "forwarders": sending,
            "forwarded": True if sending else None if None in away.values() else False,
        }

    def processes(self) -> Iterator[tuple[int, str]]:
        """Number and name (cut to 15 characters by the kernel) of every process, in order. Raises Unreadable where the
        host hides those of others (hidepid): what can't be seen is not absent.
        """
        try:
            read_file(f"{self.proc}/1/comm")
        except OSError:
            raise Unreadable("needs root: the host hides the processes of others") from None
        for pid in sorted(int(name) for name in os.listdir(self.proc) if name.isascii() and name.isdigit()):
            with contextlib.suppress(OSError, UnicodeError):  # gone meanwhile
                yield pid, read_file(f"{self.proc}/{pid}/comm").strip()

    def arguments(self, pid: int) -> list[str]:
        """The command line of a process; empty for the kernel's own, and for one that is gone."""
        try:
            return read_file(f"{self.proc}/{pid}/cmdline").split("\0")[:-1]
        except OSError:
            return []

    def started(self, pid: int) -> float | None:
        """When a process began, in seconds since 1970, to about a second; None if that isn't known."""
        try:
            # Field 22, counted behind the name, which may hold blanks and brackets: clock ticks since the host's start.
            ticks = int(read_file(f"{self.proc}/{pid}/stat").rpartition(")")[2].split()[19])
            lines = read_file(f"{self.proc}/stat").splitlines()
            booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        except (OSError, ValueError, IndexError, StopIteration):
            return None
        return booted + ticks / os.sysconf("SC_CLK_TCK")

    def _owners(self, inodes: set[int]) -> dict[int, str]:
        owners: dict[int, str] = {}
        try:
            processes = list(self.processes())
        except Unreadable:
            return owners
        for pid, name in processes:
            if len(owners) == len(inodes):
                break
            with contextlib.suppress(OSError):
                for descriptor in os.listdir(f"{self.proc}/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        target = os.readlink(f"{self.proc}/{pid}/fd/{descriptor}")
                        if target.startswith("socket:[") and target[8:-1].isdigit():
                            inode = int(target[8:-1])
                            if inode in inodes:
                                owners.setdefault(inode, name)
        return owners

    def _forwards(self, family: str, switch: str) -> bool:
        switches = [switch]
        for path in glob.glob(f"{self.proc}/sys/net/{family}/conf/*/forwarding"):
            if path.split("/")[-2] != "default":
                switches.append(path)
        there = [path for path in switches if os.path.exists(path)]
        if not there and family == "ipv4":
            raise Unreadable(f"{switch} isn't there")
        return any(read_file(path).strip() not in ("0", "") for path in there)

    def _legacy_tables(self) -> list[str] | None:
        """Tables of the old iptables, which nft doesn't show; None if nobody may know."""
        names: list[str] = []
        for family in ("ip", "ip6"):
            try:
                names += [f"{family} {name}" for name in read_file(f"{self.proc}/net/{family}_tables_names").split()]
            except FileNotFoundError:
                continue  # the kernel's part isn't loaded
            except OSError:
                return None
        return sorted(names)

    def _nflog_listener(self) -> bool | None:
        try:
            return logs.has_listener(read_file(f"{self.proc}/net/netfilter/nfnetlink_log"))
        except FileNotFoundError:
            # Without the kernel's part nobody can listen.
            return False
        except (OSError, ValueError, IndexError):
            return None

    def _sends_away(self, name: str) -> bool | None:
        """Whether that forwarder has a remote target, None if its configuration can't be read."""
        unknown = False
        for pattern in logs.FORWARDERS[name]:
            at = pattern.replace("/etc", self.etc, 1) if pattern.startswith("/etc/") else pattern
            for path in sorted(glob.glob(at)):
                try:
                    if logs.sends_away(name, read_file(path)):
                        return True
                except (OSError, Unreadable):
                    unknown = True
        return None if unknown else False


def read_file(path: str) -> str:
    """The text of a regular file of bounded size; it never waits for a pipe or a device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        data = bytearray()
        # In small pieces: the kernel answers a large read of /proc/sys with ENOMEM.
        while piece := os.read(descriptor, 65536):
            data += piece
            if len(data) > _LARGEST_FILE:
                raise Unreadable(f"{path} is larger than {_LARGEST_FILE >> 20} MB")
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, path) from exc
    finally:
        os.close(descriptor)
    return data.decode("utf-8", "replace")
