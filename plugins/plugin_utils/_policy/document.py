# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as plain data (what filters hand to playbooks), and back."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from .._flows.model import format_ports
from .._site.faults import SiteError
from .._site.model import Ports
from .._site.reader import Fields, Reader
from .model import Admission, EnforcementPolicy, Passage, Permit, Span

_FORMAT = 1


def to_document(policy: EnforcementPolicy) -> dict[str, Any]:
    """Plain dicts, lists, strings and numbers; from_document gives back an equal policy."""
    return {
        "format": _FORMAT,
        "enforcement_point": policy.enforcement_point,
        "site": policy.site,
        "interfaces": list(policy.interfaces),
        "outside": policy.outside,
        "zones": {name: [_span_text(span) for span in spans] for name, spans in policy.zones.items()},
        "passages": [
            {
                "from": passage.source_zone,
                "to": passage.destination_zone,
                "interfaces": [list(pair) for pair in passage.interfaces],
                "permits": [_permit(permit) for permit in passage.permits],
                "interventions": [_permit(permit) for permit in passage.interventions],
            }
            for passage in policy.passages
        ],
        "admissions": [
            {"interface": admission.interface, "source": str(admission.source), **_service(admission)}
            for admission in policy.admissions
        ],
    }


def _permit(permit: Permit) -> dict[str, Any]:
    return {"source": str(permit.source), "destination": str(permit.destination), **_service(permit)}


def _service(rule: Permit | Admission) -> dict[str, Any]:
    return {"protocol": rule.protocol, "port": format_ports(rule.ports) if rule.ports else None, "note": rule.note}


def _span_text(span: Span) -> str:
    return f"{_address(span.version, span.first)}-{_address(span.version, span.last)}"


def _address(version: int, number: int) -> str:
    return str(ip_address(number.to_bytes(4 if version == 4 else 16, "big")))


def from_document(document: object) -> EnforcementPolicy:
    """Read what to_document wrote; raise SiteError with all faults where it isn't such a document."""
    reader = Reader()
    policy = _Decoder(reader).policy(document)
    if reader.faults:
        raise SiteError(reader.faults)
    return policy


class _Decoder:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def policy(self, value: object) -> EnforcementPolicy:
        fields = self._reader.fields(
            value,
            "policy",
            ("format", "enforcement_point", "passages", "admissions"),
            ("site", "interfaces", "outside", "zones"),
        )
        fields.one("format", self._format)
        return EnforcementPolicy(
            enforcement_point=fields.text("enforcement_point"),
            site=fields.one("site", lambda text, path: str(text)) or "",
            interfaces=fields.each("interfaces", self._reader.interface),
            zones=fields.named("zones", self._spans),
            outside=fields.one("outside", self._reader.text),
            passages=fields.each("passages", self._passage),
            admissions=fields.each("admissions", self._admission),
        )

    def _format(self, value: object, path: str) -> int | None:
        if value != _FORMAT:
            self._reader.fault(
                path,
                "this policy was made by another version",
                "Compile it again with the filter pacs.hardening.policy.",
            )
        return _FORMAT

    def _spans(self, _name: str, value: object, path: str) -> tuple[Span, ...]:
        spans = (self._span(item, where) for where, item in self._reader.items(value, path))
        return tuple(span for span in spans if span is not None)

    def _span(self, value: object, path: str) -> Span | None:
        first, _dash, last = str(value).partition("-")
        try:
            low, high = ip_address(first), ip_address(last)
        except ValueError:
            self._reader.fault(path, "not a range of addresses", "Write it as first-last.")
            return None
        return Span(low.version, int(low), int(high))

    def _passage(self, value: object, path: str) -> Passage | None:
        fields = self._reader.fields(value, path, ("from", "to", "interfaces", "permits"), ("interventions",))
        return Passage(
            source_zone=fields.text("from"),
            destination_zone=fields.text("to"),
            interfaces=fields.each("interfaces", self._pair),
            permits=fields.each("permits", self._permit),
            interventions=fields.each("interventions", self._permit),
        )

    def _pair(self, value: object, path: str) -> tuple[str, str] | None:
        names = [self._reader.interface(item, where) for where, item in self._reader.items(value, path)]
        if len(names) != 2 or names[0] is None or names[1] is None:
            self._reader.fault(path, "not a pair of interfaces", "Write [in, out].")
            return None
        return names[0], names[1]

    def _permit(self, value: object, path: str) -> Permit | None:
        fields = self._reader.fields(value, path, ("source", "destination", "protocol"), ("port", "note"))
        source = fields.network("source")
        destination = fields.network("destination")
        service = self._service(fields)
        return Permit(source, destination, *service) if source and destination and service else None

    def _admission(self, value: object, path: str) -> Admission | None:
        fields = self._reader.fields(value, path, ("interface", "source", "protocol"), ("port", "note"))
        interface = fields.one(
            "interface", lambda name, where: "" if name == "" else self._reader.interface(name, where)
        )
        source = fields.network("source")
        service = self._service(fields)
        return Admission(interface, source, *service) if interface is not None and source and service else None

    def _service(self, fields: Fields) -> tuple[Any, Ports | None, str] | None:
        protocol = fields.choice("protocol", ("tcp", "udp", "icmp"))
        ports = fields.one("port", self._reader.ports)
        if protocol is None:
            return None
        if (protocol == "icmp") == (ports is not None):
            fields.fault("tcp and udp need a port, icmp has none", "Correct port.")
            return None
        return protocol, ports, fields.text("note")
