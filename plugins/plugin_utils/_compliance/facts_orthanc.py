# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Orthanc server lets strangers do, from its switches, peers and users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...module_utils._dicom.ae_title import MAXIMUM_BYTES
from ...module_utils._evidence.orthanc import AUTHENTICATION, NUMBERS, SHIPPED_CREDENTIALS, SWITCHES
from .collected import HostRecord, count, flag

#: One of these true opens the association itself to any caller (Orthanc Book, security).
ALWAYS_ALLOWED = (
    "DicomAlwaysAllowEcho",
    "DicomAlwaysAllowStore",
    "DicomAlwaysAllowFind",
    "DicomAlwaysAllowFindWorklist",
    "DicomAlwaysAllowGet",
    "DicomAlwaysAllowMove",
)
_ANOTHER_PART = "it isn't managed, and none of its actors is one that Orthanc plays"
_USERS = frozenset(name for name, _password in SHIPPED_CREDENTIALS)


def orthanc_facts(record: HostRecord, looked_for: bool, unmanaged: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``orthanc`` of a device, and why there is none or the rest isn't known, by path below it.

    ``looked_for`` says whether somebody should have looked on the device; ``unmanaged`` is the reason where nobody may,
    or empty where by its actors it is none of those that Orthanc plays.
    """
    if not looked_for:
        return ({"present": None}, {"": unmanaged}) if unmanaged else ({"present": False}, {"": _ANOTHER_PART})
    part = record.part("orthanc")
    if part.status == "absent":
        return {"present": False}, {"": part.reason}
    if part.status == "error":
        return {"present": None}, {"": part.reason}
    # Installed and switched off, it lets nobody in. One that only isn't running now is judged by what it starts with.
    if flag(part.value, "running") is False and flag(part.value, "enabled") is False:
        return {"present": False}, {"": "Orthanc is installed, and switched off"}
    return _from_evidence(part.value)


def _from_evidence(value: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    listed = value.get("switches")
    read: Mapping[str, Any] = listed if isinstance(listed, Mapping) else {}
    switches: dict[str, Any] = {name: flag(read, name) for name in (*SWITCHES, AUTHENTICATION)}
    switches |= {name: count(read, name) for name in NUMBERS}
    unknown = {
        f"switches.{name}": f"what Orthanc's option {name} is set to can't be told"
        for name, v in switches.items()
        if v is None
    }
    peers, peers_unknown = _peers(value)
    unknown |= peers_unknown
    shipped = value.get("shipped_credentials")
    users = [name for name in shipped if name in _USERS] if isinstance(shipped, list) else None
    changed = flag(value, "changed_since_start") if flag(value, "running") is not False else False
    facts: dict[str, Any] = {
        "present": True,
        "switches": switches,
        "peers": peers,
        # A change that isn't in force yet means that what was read isn't what runs.
        "in_force": True if changed is False else None,
        "unusable": count({"n": len(value["unusable"])}, "n") if isinstance(value.get("unusable"), list) else None,
        "shipped_users": users if users is None or len(users) == len(shipped or ()) else None,
        "guessable_users": count(value, "guessable_users"),
        "users": count(value, "registered_users"),
    }
    if changed:
        unknown["in_force"] = "Orthanc's configuration was changed since it started: restart it, then look again"
    elif changed is None:
        unknown["in_force"] = "whether Orthanc's configuration was changed since it started isn't known"
    for name in ("unusable", "shipped_users", "guessable_users", "users"):
        if facts[name] is None:
            unknown[name] = f"the evidence doesn't say ({name.replace('_', ' ')})"
    facts["caller_findings"] = _caller_findings(switches, peers)
    facts["user_findings"] = _user_findings(facts, switches)
    return facts, unknown


def _peers(value: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, str]]:
    listed = value.get("modalities")
    if not isinstance(listed, list):
        return None, {"peers": "Orthanc keeps its peers in its database, where this collection doesn't look"}
    titles: list[str] = []
    by_name, unclear = 0, 0
    for item in listed:
        title = item.get("aet") if isinstance(item, Mapping) else None
        is_address = flag(item, "host_is_address") if isinstance(item, Mapping) else None
        if not isinstance(title, str) or not title.isprintable() or len(title) > MAXIMUM_BYTES or is_address is None:
            unclear += 1
            continue
        titles.append(title.strip())
        by_name += not is_address
    repeated = sorted(title for title, number in Counter(titles).items() if number > 1)
    skipped = count(value, "unusable_modalities")
    return {
        "number": len(listed),
        "by_host_name": by_name,
        "repeated": len(repeated),
        "unusable": unclear + (skipped if skipped is not None else 1),
    }, {}


def _caller_findings(switches: Mapping[str, Any], peers: Mapping[str, Any] | None) -> list[str]:
    """What lets strangers in, a sentence each."""
    found = [f"{name} is true: it opens the door to any caller" for name in ALWAYS_ALLOWED if switches[name]]
    if switches["DicomCheckCalledAet"] is False:
        found.append("DicomCheckCalledAet is false: it answers whatever name it is called by")
    if switches["DicomCheckModalityHost"] is False:
        found.append("DicomCheckModalityHost is false: a known AE title is believed from any address")
    if peers is not None:
        if not peers["number"]:
            found.append("DicomModalities is empty: it knows none of its peers")
        if peers["by_host_name"]:
            found.append(f"peers given by host name, which the host check can't use: {peers['by_host_name']}")
        if peers["repeated"]:
            found.append(f"AE titles that stand more than once among its peers: {peers['repeated']}")
        if peers["unusable"]:
            found.append(f"unusable entries of its peers: {peers['unusable']}")
    return found


def _user_findings(facts: Mapping[str, Any], switches: Mapping[str, Any]) -> list[str]:
    found = []
    if switches["RemoteAccessAllowed"] and switches[AUTHENTICATION] is False:
        found.append("it may be used from other machines without logging in")
    if facts["shipped_users"]:
        found.append(f"the user {', '.join(sorted(facts['shipped_users']))} has the password from the manual")
    if facts["guessable_users"]:
        found.append(f"users with no password, or with their name as password: {facts['guessable_users']}")
    return found
