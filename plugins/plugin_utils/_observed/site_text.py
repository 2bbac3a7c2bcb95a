# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site document as YAML that people like to read: short things on one line, with remarks behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: What YAML takes for text without quotes, and nothing that it, or a template engine, takes for something else.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*", re.ASCII)
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?", re.ASCII)
_RESERVED = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_WIDTH = 116
_DEVICE_KEYS = (
    *("zone", "addresses", "actors", "managed", "pacs_host", "probe"),
    *("application_entities", "hl7_applications"),
)


def site_text(site: Mapping[str, Any], remarks: Mapping[tuple[str, str], str]) -> str:
    """The document under its name, ``pacs_site``; ``remarks`` stand behind a key of a device."""
    lines = ["pacs_site:"]
    for key, value in site.items():
        if isinstance(value, Mapping) and value and key in ("zones", "devices", "firewalls"):
            lines += ["", f"  {_scalar(key)}:"]
            for name, entry in value.items():
                lines += _pair(str(name), entry, 4) if key == "zones" else _entry(key, str(name), entry, remarks)
        elif isinstance(value, list) and value:
            lines += ["", f"  {_scalar(key)}:", *(line for item in value for line in _item(item, 4))]
        else:
            lines += _pair(key, value, 2)
    return "\n".join(lines) + "\n"


def _entry(kind: str, name: str, entry: Any, remarks: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """A device or a firewall, a line a key."""
    if not isinstance(entry, Mapping) or not entry:
        yield from _pair(name, entry, 4)
        return
    yield f"    {_scalar(name)}:"
    first = [key for key in _DEVICE_KEYS if key in entry] if kind == "devices" else []
    for key in (*first, *(key for key in entry if key not in first)):
        lines = list(_pair(key, entry[key], 6))
        remark = remarks.get((name, key)) if kind == "devices" else None
        if remark:
            lines[0] += f"  # {comment(remark)}"
        yield from lines


def _pair(key: str, value: Any, indent: int) -> Iterator[str]:
    """A key with its value: on one line if it fits, else in a block."""
    head = f"{' ' * indent}{_scalar(key)}:"
    short = f"{head} {_flow(value)}"
    if len(short) <= _WIDTH or not isinstance(value, (list, Mapping)) or not value:
        yield short
    elif isinstance(value, Mapping):
        yield head
        for name, item in value.items():
            yield from _pair(str(name), item, indent + 2)
    else:
        yield head
        for item in value:
            yield from _item(item, indent + 2)


def _item(value: Any, indent: int) -> Iterator[str]:
    short = f"{' ' * indent}- {_flow(value)}"
    if len(short) <= _WIDTH or not isinstance(value, Mapping) or not value:
        yield short
        return
    lines = [line for key, item in value.items() for line in _pair(str(key), item, indent + 2)]
    yield f"{' ' * indent}- {lines[0].strip()}"
    yield from lines[1:]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    plain = (_PLAIN.fullmatch(text) and text.lower() not in _RESERVED) or _ADDRESS.fullmatch(text)
    return text if plain else f'"{"".join(map(_quoted, text))}"'


def _quoted(character: str) -> str:
    """One character between double quotes (YAML 1.1 section 5.6)."""
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def comment(text: str) -> str:
    """Anything as one line that can stand behind a hash."""
    return " ".join("".join(character if character.isprintable() else "?" for character in text).split())


def comments(lines: Iterable[str]) -> list[str]:
    """Lines as comments; an empty one stays empty."""
    return [f"# {'  ' * line.startswith('  ')}{comment(line)}" if line else "" for line in lines]
