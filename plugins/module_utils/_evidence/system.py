# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says about itself, and which accounts may log in. Private, pure."""

from __future__ import annotations

import re
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_RELEASE = re.compile(r"[A-Za-z0-9._+~-]{1,128}", re.ASCII)
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?", re.ASCII)
_NO_LOGIN = ("", "nologin", "false", "sync", "halt", "shutdown")


def parse_os_release(text: str) -> tuple[str | None, str | None]:
    """(ID, VERSION_ID) of os-release(5); None where it doesn't say, or says what can't be one."""
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name in ("ID", "VERSION_ID"):
            values[name] = value.strip().strip("\"'")
    return identifier(values.get("ID")), identifier(values.get("VERSION_ID"))


def identifier(text: str | None) -> str | None:
    """I(text) if it is a plain word such as the name of a distribution or a host."""
    return text if text is not None and _IDENTIFIER.fullmatch(text) else None


def release(text: str) -> str | None:
    """I(text) if it can be a version of a kernel."""
    return text if _RELEASE.fullmatch(text) else None


def login_users(passwd: str) -> list[str]:
    """Names of the accounts of a passwd(5) file that have a shell. Nothing else of it, as the comment field names
    people.
    """
    names = set()
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[6].rpartition("/")[2] not in _NO_LOGIN and _ACCOUNT.fullmatch(fields[0]):
            names.add(fields[0])
    return sorted(names)


def system_document(os_release: str | None, kernel: str, python: str, hostname: str) -> dict[str, Any]:
    """The part C(system)."""
    name, version = parse_os_release(os_release or "")
    return {
        "os": name,
        "version": version,
        "kernel": release(kernel),
        "python": release(python),
        "hostname": identifier(hostname),
    }
