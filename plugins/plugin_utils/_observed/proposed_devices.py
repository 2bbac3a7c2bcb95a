# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of a proposed site: those declared so far, and one for each other address of a recognised flow.

IPv4 and IPv6 addresses of one machine can't be told from those of two, so each is a device of its own. Ports are those
that were seen, never guessed. An AE title is one that was heard in a capture, else made of the device's name; both are
marked for somebody to confirm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from ...module_utils._dicom.ae_title import MAXIMUM_BYTES
from .._flows.ihe import Listener
from .evidence import Evidence
from .names import End
from .services import DICOM_PORTS
from .sorting import Recognised

Document = dict[str, Any]

#: Whoever captured a network captured what strangers sent, too: nothing that a template could be is taken for a title.
_PLAIN_TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", re.ASCII)
_LONGEST_ZONE = 40
_NAME_OF: Mapping[Listener, str] = {"application_entities": "title", "hl7_applications": "name"}
_DICOM: Listener = "application_entities"
_MADE_UP = "to be confirmed"
_HEARD = "heard in a capture, to be confirmed"


@dataclass(slots=True)
class ProposedDevices:
    """``documents`` by name, in the order in which they are written; ``remarks`` by device and key; ``names`` by
    address; ``new``: those that nobody had declared.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    remarks: dict[tuple[str, str], str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)

    def name_of(self, end: End) -> str:
        """The name of an end in the proposed site."""
        return self.names.get(end.address) or end.name


def propose_devices(
    declared: Mapping[str, Document], taken: Iterable[str], recognised: Iterable[Recognised], evidence: Evidence
) -> ProposedDevices:
    """``declared``: the devices so far, as documents; ``taken``: names that no device may have."""
    found = ProposedDevices(documents={name: dict(device) for name, device in declared.items()})
    flows = list(recognised)
    ends = {end for flow in flows for end in (flow.source, flow.destination) if end.kind != "firewall"}
    used = {*taken, *declared}
    for end in sorted(ends, key=_order):
        if end.kind == "device":
            found.names[end.address] = end.name
            continue
        name = next(name for name in _names(end) if name not in used)
        used.add(name)
        # Until somebody says otherwise a device that nobody knows is watched, not spoken to.
        found.documents[name] = {"zone": end.zone, "addresses": [end.address], "probe": "passive"}
        found.names[end.address] = name
        found.new.append(name)
    _Applications(found, evidence).add(flows)
    return found


def _order(end: End) -> tuple[str, int, int]:
    address = ip_address(end.address)
    return end.zone or "", address.version, int(address)


def _names(end: End) -> Iterator[str]:
    """modality-11, else with more and more of the address in front."""
    address = ip_address(end.address)
    zone = (end.zone or "")[:_LONGEST_ZONE]
    if address.version == 4:
        parts, prefix = str(address).split("."), zone
    else:
        parts = [part.lstrip("0") or "0" for part in address.exploded.split(":")]
        prefix = f"{zone}-v6"
    for count in range(1, len(parts) + 1):
        yield "-".join([prefix, *parts[-count:]])
    number = 2
    while True:
        yield "-".join([prefix, *parts, str(number)])
        number += 1


@dataclass(slots=True)
class _Listener:
    """One port of a device: at which of its addresses it was reached, by whom, and how often."""

    addresses: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    count: int = 0


class _Applications:
    """Gives devices the application entities and HL7 applications that were seen listening."""

    def __init__(self, devices: ProposedDevices, evidence: Evidence) -> None:
        self._devices = devices
        self._evidence = evidence
        self._taken: dict[str, set[str]] = {
            listener: {
                str(item.get(label))
                for document in devices.documents.values()
                for item in document.get(listener) or ()
                if isinstance(item, Mapping)
            }
            for listener, label in _NAME_OF.items()
        }

    def add(self, flows: Iterable[Recognised]) -> None:
        """Go through the flows to DICOM and HL7 listeners, and through the titles by which devices called others."""
        listeners: dict[tuple[str, Listener], dict[int, _Listener]] = {}
        for flow in flows:
            if flow.known.listener and flow.destination.kind != "firewall":
                of_device = listeners.setdefault((self._devices.name_of(flow.destination), flow.known.listener), {})
                one = of_device.setdefault(flow.flow.key.port, _Listener())
                one.addresses.add(flow.destination.address)
                one.clients.add(self._devices.name_of(flow.source))
                one.count += flow.flow.count
        for (name, listener), by_port in sorted(listeners.items()):
            self._listen(name, listener, by_port)
        for address, titles in sorted(self._evidence.calling.items()):
            name = self._devices.names.get(address, "")
            document = self._devices.documents.get(name)
            title = _heard(titles)
            if document is not None and title and not document.get("application_entities"):
                self._put(name, "application_entities", [{"title": title}], _HEARD)

    def _listen(self, name: str, listener: Listener, by_port: Mapping[int, _Listener]) -> None:
        existing = self._devices.documents[name].get(listener) or []
        if any(item.get("connections") for item in existing):
            return  # what somebody declared isn't changed; ports beyond it become conduits
        # All that take part in a workflow reach all ports of an application. A port that others use than most do, such
        # as an old one for one old device, would open more than was seen: it becomes a conduit.
        most = max(by_port, key=lambda port: (len(by_port[port].clients), by_port[port].count, -port))
        ports = [port for port in sorted(by_port) if by_port[port].clients == by_port[most].clients]
        connections = [_connection(listener, port) for port in ports]
        if existing:
            first, *others = existing
            self._put(name, listener, [{**first, "connections": connections}, *others], "")
            return
        heard = self._heard_at(name, {port: by_port[port] for port in ports}) if listener == _DICOM else None
        label = heard or self._made_up(name, listener)
        application = {_NAME_OF[listener]: label, "connections": connections}
        self._put(name, listener, [application], _HEARD if heard else _MADE_UP)

    def _put(self, name: str, listener: Listener, applications: list[Document], remark: str) -> None:
        self._devices.documents[name][listener] = applications
        self._taken[listener].update(str(item[_NAME_OF[listener]]) for item in applications)
        if remark:
            self._devices.remarks[name, listener] = f"{_NAME_OF[listener]} {remark}"

    def _heard_at(self, name: str, by_port: Mapping[int, _Listener]) -> str | None:
        """The title by which most peers called it, or by which it called others."""
        called: Counter[str] = Counter()
        for port, listener in by_port.items():
            for address in listener.addresses:
                called.update(self._evidence.called.get((address, port), ()))
        calling: Counter[str] = Counter()
        for address, owner in self._devices.names.items():
            if owner == name:
                calling.update(self._evidence.calling.get(address, ()))
        return _heard(called) or _heard(calling)

    def _made_up(self, name: str, listener: Listener) -> str:
        """The device's name, as far as it fits into an AE title; each only once."""
        base, taken = name.upper(), self._taken[listener]
        label, number = base[-MAXIMUM_BYTES:].strip("-. "), 2
        while label in taken:
            suffix = f"-{number}"
            label, number = base[: MAXIMUM_BYTES - len(suffix)].strip("-. ") + suffix, number + 1
        return label


def _connection(listener: Listener, port: int) -> Document:
    tls = listener == _DICOM and DICOM_PORTS.get(port, False)
    return {"port": port, "tls": True} if tls else {"port": port}


def _heard(titles: Counter[str]) -> str | None:
    """The most frequent title that is fit to be written down."""
    fit = [(-count, title) for title, count in titles.items() if _PLAIN_TITLE.fullmatch(title)]
    return min(fit)[1] if fit else None
