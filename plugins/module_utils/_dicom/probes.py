# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to ask of which address, and what came of it. Private, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.ae_title import ae_title_problem
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.pdu import CALLING_AE_TITLE

OPEN, REFUSED, TIMEOUT, UNREACHABLE, ERROR, SKIPPED = "open", "refused", "timeout", "unreachable", "error", "skipped"

PROBE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "id": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp"], "default": "tcp"},
    "application": {"type": "str", "choices": ["dicom", "tcp"], "default": "tcp"},
    "called_aet": {"type": "str"},
    "calling_aet": {"type": "str", "default": CALLING_AE_TITLE},
    "probe": {"type": "str", "choices": ["passive", "echo", "never"], "default": "passive"},
}


@dataclass(frozen=True)
class Probe:
    """One question, as C(PROBE_ARGUMENTS)."""

    id: str
    address: str
    port: int
    application: str
    called_aet: str
    calling_aet: str
    probe: str

    @property
    def skipped(self) -> str:
        """Why nothing may be sent, empty if something may."""
        if self.probe == "never":
            return "never: the site says that nothing is sent there"
        if self.probe == "passive" and self.application == "dicom":
            return "passive: not spoken to"
        return ""

    @property
    def speaks_dicom(self) -> bool:
        """Whether an association is asked for; otherwise the connection is closed as soon as it stands."""
        return self.application == "dicom" and self.probe == "echo"


def read_probes(items: Iterable[Mapping[str, Any]]) -> tuple[list[Probe], list[str]]:
    """The probes, and sentences about what is wrong with them. Nothing may be sent if there are any."""
    probes: list[Probe] = []
    faults: list[str] = []
    seen: set[str] = set()
    for item in items:
        probe = Probe(
            item["id"],
            item["address"],
            item["port"],
            item["application"],
            item["called_aet"] or "",
            item["calling_aet"],
            item["probe"],
        )
        probes.append(probe)
        faults.extend(f"probe {probe.id}: {fault}" for fault in _faults(probe))
        if probe.id in seen:
            faults.append(f"probe {probe.id}: there are two of that id; give each its own")
        seen.add(probe.id)
    return probes, faults


def by_peer(probes: Sequence[Probe]) -> list[list[int]]:
    """Indexes of the probes in groups of which no two can reach the same peer: those of one address, however it is
    spelt, are together, and so are those that call one AE title, for a peer may have an address of each family.
    """
    groups: list[tuple[set[str], list[int]]] = []
    for index, probe in enumerate(probes):
        names = {str(ip_address(probe.address))} | ({f"AE {probe.called_aet}"} if probe.speaks_dicom else set())
        apart, indexes = [], [index]
        for group in groups:
            if group[0] & names:
                names |= group[0]
                indexes += group[1]
            else:
                apart.append(group)
        groups = [*apart, (names, sorted(indexes))]
    return [indexes for _names, indexes in groups]


def result(
    probe: Probe,
    outcome: str,
    detail: str,
    seconds: float = 0.0,
    dicom: Mapping[str, Any] | None = None,
    connected: bool = False,
) -> dict[str, Any]:
    """The document of a probe. I(connected): a connection stood, whatever became of it."""
    return {
        "id": probe.id,
        "outcome": outcome,
        "detail": detail,
        "connected": connected,
        "seconds": round(seconds, 3),
        "dicom": None if dicom is None else dict(dicom),
    }


def _faults(probe: Probe) -> Iterable[str]:
    try:
        address = ip_address(probe.address)
    except ValueError:
        yield "address must be an IPv4 or IPv6 address"
    else:
        if address.is_multicast or address.is_unspecified:
            yield "address must be that of one host"
    if not 1 <= probe.port <= 65535:
        yield "port must be from 1 to 65535"
    if probe.speaks_dicom:
        for name, title in (("called_aet", probe.called_aet), ("calling_aet", probe.calling_aet)):
            if not title:
                yield f"{name} is needed to ask for an association"
            else:
                problem = ae_title_problem(title)
                if problem is not None:
                    yield f"{name}: {problem}"
