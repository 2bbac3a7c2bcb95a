# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads plain YAML values into typed ones and notes every fault on the way, instead of stopping at the first."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TypeVar

from .faults import Fault, suggestion
from .model import Address, Network, Ports

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{1,15}")
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
MAXIMUM_TEXT = 200

_Choice = TypeVar("_Choice", bound=str)
_Read = TypeVar("_Read")


def shown(value: object) -> str:
    """A short, one-line rendering of any value for a message."""
    text = value if isinstance(value, str) else reprlib.repr(value)
    text = " ".join("".join(character if character.isprintable() else "?" for character in text).split())
    return f"'{text[:60]}...'" if len(text) > 60 else f"'{text}'"


@lru_cache(maxsize=65536)
def _parsed(text: str) -> Network:
    """Ten thousand flows name few networks, and parsing one costs more than all the rest."""
    return ip_network(text)


class Reader:
    """Collects faults. Each method returns the typed value, or None (an empty tuple) after noting what is wrong."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, problem: str, remedy: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(path, problem, remedy))

    def fields(self, value: object, path: str, required: Iterable[str], optional: Iterable[str] = ()) -> Fields:
        """Read a mapping with fixed keys; null counts as absent. Unknown keys are faults, never ignored."""
        required, optional = tuple(required), tuple(optional)
        if not isinstance(value, Mapping):
            self.fault(
                path,
                f"{shown(value)} is not a mapping",
                f"Write the keys {', '.join((*required, *optional))} below it.",
            )
            return Fields(self, path, {})
        known = {*required, *optional}
        found: dict[str, object] = {}
        for key, item in value.items():
            name = str(key)
            if name not in known:
                self.fault(f"{path}.{_step(name)}", "unknown key", suggestion(name, known, "Known keys"))
            elif item is not None:
                found[name] = item
        for name in required:
            if name not in found and name not in value:
                self.fault(path, f"the key '{name}' is missing", f"Add '{name}'.")
            elif name not in found:
                self.fault(f"{path}.{name}", "no value", f"Give '{name}' a value.")
        return Fields(self, path, found)

    def named(self, value: object, path: str) -> dict[str, object]:
        """Read a mapping from names, which the user chooses, to anything."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fault(path, f"{shown(value)} is not a mapping", "Write one 'name: ...' entry for each.")
            return {}
        found: dict[str, object] = {}
        for key, item in value.items():
            name = str(key)
            if not _NAME.fullmatch(name):
                self.fault(
                    f"{path}.{_step(name)}",
                    "not a usable name",
                    "Start with a letter or digit and go on with letters, digits, '_', '.' or '-', at most 63 in all.",
                )
            else:
                found[name] = item
        return found

    def items(self, value: object, path: str) -> list[tuple[str, object]]:
        """Read a list; each item comes with its path."""
        if value is None:
            return []
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            self.fault(path, f"{shown(value)} is not a list", "Write it as [one, two].")
            return []
        return [(f"{path}[{number}]", item) for number, item in enumerate(value)]

    def text(self, value: object, path: str) -> str | None:
        """Read a line of printable text."""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            self.fault(path, f"{shown(value)} is not a text", "Write it as a plain word or in quotes.")
            return None
        text = str(value)
        if not text.strip() or not text.isprintable() or len(text) > MAXIMUM_TEXT:
            self.fault(
                path,
                f"{shown(text)} is not a usable text",
                f"Write one line of 1 to {MAXIMUM_TEXT} printable characters.",
            )
            return None
        return text

    def choice(self, value: object, path: str, choices: Iterable[_Choice]) -> _Choice | None:
        """Read one of some words."""
        choices = tuple(choices)
        for word in choices:
            if isinstance(value, str) and value == word:
                return word
        self.fault(path, f"{shown(value)} is not known here", suggestion(str(value), choices, "Known"))
        return None

    def flag(self, value: object, path: str) -> bool:
        """Read true or false."""
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        self.fault(path, f"{shown(value)} is neither true nor false", "Write true or false.")
        return False

    def day(self, value: object, path: str) -> date | None:
        """Read a date; YAML makes one of what looks like one, and Ansible a text of it again."""
        if isinstance(value, date):
            return value.date() if isinstance(value, datetime) else value
        try:
            return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
        except ValueError:
            self.fault(path, f"{shown(value)} is not a date", "Write it like 2026-11-23.")
            return None

    def port(self, value: object, path: str) -> int | None:
        """Read a port number."""
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
            self.fault(path, f"{shown(value)} is not a port", "Use a whole number from 1 to 65535.")
            return None
        return value

    def ports(self, value: object, path: str) -> Ports | None:
        """Read a port, or a range like 50000-50010."""
        first, dash, last = value.partition("-") if isinstance(value, str) else (value, "", value)
        low = self.port(first, path)
        high = self.port(last, path) if dash else low
        if low is None or high is None:
            return None
        if low > high:
            self.fault(path, f"the range {shown(value)} runs backwards", f"Write {high}-{low}.")
            return None
        return Ports(low, high)

    def address(self, value: object, path: str) -> Address | None:
        """Read the address of one machine."""
        try:
            address = ip_address(value if isinstance(value, str) and "%" not in value else "")
        except ValueError:
            self.fault(
                path,
                f"{shown(value)} is not an IP address",
                "Write an IPv4 or IPv6 address; host names are not looked up.",
            )
            return None
        if address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local:
            self.fault(
                path,
                f"{shown(value)} is not the address of a machine on a network",
                "Write its routable unicast address.",
            )
            return None
        return address

    def network(self, value: object, path: str) -> Network | None:
        """Read a network in CIDR notation; a bare address stands for itself."""
        if not isinstance(value, str) or "%" in value:
            self.fault(path, f"{shown(value)} is not a network", "Write it like 10.1.20.0/24 or 'fd00:20::/64'.")
            return None
        try:
            return _parsed(value)
        except ValueError:
            pass
        try:
            meant = ip_network(value, strict=False)
        except ValueError:
            self.fault(path, f"{shown(value)} is not a network", "Write it like 10.1.20.0/24 or 'fd00:20::/64'.")
        else:
            self.fault(path, f"{shown(value)} has bits set behind its prefix", f"Write {meant}.")
        return None

    def interface(self, value: object, path: str) -> str | None:
        """Read the name of a network interface: at most 15 characters (IFNAMSIZ), and none that needs quoting."""
        if isinstance(value, str) and _INTERFACE.fullmatch(value):
            return value
        self.fault(
            path, f"{shown(value)} is not an interface name", "Use the system's name for it, at most 15 characters."
        )
        return None


class Fields:
    """The values below one mapping, by key. An absent key gives an empty value; it was noted if it was required."""

    def __init__(self, reader: Reader, path: str, values: Mapping[str, object]) -> None:
        self._reader = reader
        self._values = values
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __bool__(self) -> bool:
        return bool(self._values)

    def fault(self, problem: str, remedy: str, key: str | None = None) -> None:
        """Note a fault of this mapping, or of one key in it."""
        self._reader.fault(f"{self.path}.{key}" if key else self.path, problem, remedy)

    def one(self, key: str, read: Callable[[object, str], _Read | None]) -> _Read | None:
        """Read the value of ``key`` with one of the reader's methods."""
        return read(self._values[key], f"{self.path}.{key}") if key in self._values else None

    def each(self, key: str, read: Callable[[object, str], _Read | None], empty: str = "") -> tuple[_Read, ...]:
        """Read a list; items that can't be read are left out. ``empty`` is the remedy where it may not be empty."""
        if key not in self._values:
            return ()
        items = self._reader.items(self._values[key], f"{self.path}.{key}")
        if empty and self._values[key] == []:
            self.fault("an empty list", empty, key)
        values = (read(item, where) for where, item in items)
        return tuple(value for value in values if value is not None)

    def text(self, key: str, default: str = "") -> str:
        """Read a line of text."""
        return self.one(key, self._reader.text) or default

    def network(self, key: str) -> Network | None:
        """Read a network."""
        return self._reader.network(self._values[key], f"{self.path}.{key}") if key in self._values else None

    def flag(self, key: str, default: bool = False) -> bool:
        """Read true or false."""
        return bool(self.one(key, self._reader.flag)) if key in self._values else default

    def choice(self, key: str, choices: Iterable[_Choice]) -> _Choice | None:
        """Read one of some words."""
        return self.one(key, lambda value, path: self._reader.choice(value, path, choices))

    def names(self, key: str) -> tuple[str, ...]:
        """Read a name or a list of names."""
        if isinstance(self._values.get(key), str):
            return tuple(filter(None, [self.one(key, self._reader.text)]))
        return self.each(key, self._reader.text)

    def named(self, key: str, read: Callable[[str, object, str], _Read]) -> dict[str, _Read]:
        """Read a mapping from names, which the user chooses."""
        values = self._reader.named(self._values.get(key), f"{self.path}.{key}")
        return {name: read(name, value, f"{self.path}.{key}.{name}") for name, value in values.items()}


def _step(name: str) -> str:
    """One step of a path, for a key that may hold anything."""
    return name if _NAME.fullmatch(name) else shown(name)
