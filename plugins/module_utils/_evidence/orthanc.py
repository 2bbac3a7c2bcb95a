# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security-relevant facts of an Orthanc configuration: an allow-list, so that nothing else of it is ever returned.
Private, pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.ae_title import MAXIMUM_BYTES, ae_title_problem
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc_files import SourceFile, merge

#: Orthanc's options with its defaults. Others are never looked at.
SWITCHES: Mapping[str, bool] = {
    "DicomServerEnabled": True,
    "DicomCheckCalledAet": False,
    "DicomCheckModalityHost": False,
    "StrictAetComparison": False,
    "DicomAlwaysAllowEcho": True,
    "DicomAlwaysAllowStore": True,
    "DicomAlwaysAllowFind": False,
    "DicomAlwaysAllowFindWorklist": False,
    "DicomAlwaysAllowGet": False,
    "DicomAlwaysAllowMove": False,
    "DicomModalitiesInDatabase": False,
    "UnknownSopClassAccepted": False,
    "DicomTlsEnabled": False,
    "DicomTlsRemoteCertificateRequired": True,
    "HttpServerEnabled": True,
    "RemoteAccessAllowed": False,
    "SslEnabled": False,
    "SslVerifyPeers": False,
    "OverwriteInstances": False,
    "ExecuteLuaEnabled": False,
    "RestApiWriteToFileSystemEnabled": False,
    "HttpsVerifyPeers": True,
    "StoreMD5ForAttachments": True,
    "WebDavEnabled": True,
    "WebDavUploadAllowed": True,
}
NUMBERS: Mapping[str, int] = {
    "DicomPort": 4242,
    "HttpPort": 8042,
    "LimitFindResults": 0,
    "LimitFindInstances": 0,
    "DicomTlsMinimumProtocolVersion": 0,
}
#: Its default is the value of RemoteAccessAllowed.
AUTHENTICATION = "AuthenticationEnabled"

#: What a peer may do here; all true unless the entry says otherwise.
RIGHTS = (
    "AllowEcho",
    "AllowStore",
    "AllowFind",
    "AllowFindWorklist",
    "AllowGet",
    "AllowMove",
    "AllowNAction",
    "AllowEventReport",
    "AllowTranscoding",
)
_COMMITMENT = ("AllowNAction", "AllowEventReport")

#: Users that products, images and tutorials ship with; everybody knows them.
SHIPPED_CREDENTIALS = frozenset(
    {
        ("orthanc", "orthanc"),
        ("demo", "demo"),
        ("alice", "orthanctest"),
        ("admin", "admin"),
        ("alice", "bob"),
        ("bob", "alice"),
    }
)

_SYMBOLIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LARGEST_NUMBER = 2**31 - 1


def orthanc_document(
    files: Sequence[SourceFile],
    environment: Mapping[str, str] | None,
    running: bool,
    changed_since_start: bool | None = None,
    enabled: bool | None = None,
) -> dict[str, Any]:
    """The part C(orthanc). No files: the server runs on its defaults. Raises Unreadable where Orthanc would stop."""
    sections = merge(files, environment)
    unusable: list[str] = []
    switches: dict[str, Any] = {}
    for name, default in SWITCHES.items():
        value = sections.get(name, default)
        switches[name] = value if isinstance(value, bool) else None
    for name, number in NUMBERS.items():
        value = sections.get(name, number)
        switches[name] = value if _is_number(value) else None
    value = sections.get(AUTHENTICATION, switches["RemoteAccessAllowed"])
    switches[AUTHENTICATION] = value if isinstance(value, bool) else None
    unusable.extend(name for name in switches if name in sections and switches[name] is None)

    aet = sections.get("DicomAet", "ORTHANC")
    listed, modalities, skipped = sections.get("DicomModalities", {}), [], 0
    if not isinstance(listed, dict):
        unusable.append("DicomModalities")
        listed = {}
    for name, entry in sorted(listed.items()):
        modality = _modality(name, entry)
        if modality is None:
            skipped += 1
        else:
            modalities.append(modality)

    users = sections.get("RegisteredUsers", {})
    if not isinstance(users, dict):
        unusable.append("RegisteredUsers")
        users = {}
    shipped = {
        name
        for name, password in users.items()
        if isinstance(password, str) and (name, password) in SHIPPED_CREDENTIALS
    }
    if not users and switches[AUTHENTICATION] and switches["RemoteAccessAllowed"]:
        # From 1.5.8 on, Orthanc then makes this user by itself.
        shipped.add("orthanc")
    return {
        "configured": bool(files),
        "running": running,
        "changed_since_start": changed_since_start,
        "enabled": enabled,
        "aet": _title(aet),
        "aet_problem": _title_problem(aet),
        "switches": switches,
        # Kept in the index instead, where this collection doesn't look.
        "modalities": None if switches["DicomModalitiesInDatabase"] is not False else modalities,
        "unusable_modalities": skipped,
        "registered_users": len(users),
        "guessable_users": sum(1 for name, password in users.items() if password in ("", name)),
        "shipped_credentials": sorted(shipped),
        "unusable": sorted(unusable),
        "environment_settings": None if environment is None else _settings(environment),
        "sources": [file.path for file in files],
    }


def _settings(environment: Mapping[str, str]) -> int:
    """How many of the container image's variables are set. Only that image's start script reads them; it writes what
    they say into the configuration, so that they count already.
    """
    return sum(1 for name in environment if name.startswith("ORTHANC__") or name == "ORTHANC_JSON")


def _modality(name: str, entry: Any) -> dict[str, Any] | None:
    """One entry of DicomModalities, in either form; None where Orthanc can't use it."""
    if isinstance(entry, list) and len(entry) in (3, 4):
        fields: dict[str, Any] = dict(zip(("AET", "Host", "Port"), entry))
    elif isinstance(entry, dict):
        fields = entry
    else:
        return None
    aet, host, port = fields.get("AET"), fields.get("Host"), _port(fields.get("Port"))
    if not _SYMBOLIC_NAME.fullmatch(name) or not isinstance(aet, str) or not isinstance(host, str) or port is None:
        return None
    commitment = fields.get("AllowStorageCommitment")
    rights = {}
    for right in RIGHTS:
        value = fields.get(right, commitment if right in _COMMITMENT and commitment is not None else True)
        if not isinstance(value, bool):
            return None
        rights[right] = value
    tls = fields.get("UseDicomTls", False)
    if not isinstance(tls, bool):
        return None
    return {
        "name": name,
        "aet": _title(aet),
        "aet_problem": _title_problem(aet),
        "host_is_address": _is_address(host),
        "port": port,
        "tls": tls,
        "rights": rights,
    }


def _title(value: Any) -> str | None:
    """The title, where it fits into one: anything longer is no title, and nobody knows what it holds."""
    if not isinstance(value, str) or len(value) > MAXIMUM_BYTES:
        return None
    return value if all(0x20 <= ord(character) <= 0x7E for character in value) else None


def _title_problem(value: Any) -> str | None:
    return ae_title_problem(value) if isinstance(value, str) else "an AE title must be text"


def _port(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 5:
        value = int(value)
    return value if _is_number(value) and 1 <= value <= 65534 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_NUMBER


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
