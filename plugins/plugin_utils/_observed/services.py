# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seen connection is for, by its port: what its destination declares, else what registries say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .._flows.ihe import Listener
from .._site.model import ApplicationEntity, Hl7Application, Site
from .._site.vocabulary import SERVICES

#: Ports on which DICOM is expected, and whether with TLS: PS3.8 section 9.1.2 (104), IANA's registry (11112, dicom),
#: PS3.15 section B.1 (2762, dicom-tls).
DICOM_PORTS: Mapping[int, bool] = {104: False, 11112: False, 2762: True}
_TITLES: Mapping[Listener, str] = {"application_entities": "DICOM", "hl7_applications": "HL7"}


@dataclass(frozen=True, slots=True)
class Known:
    """A recognised service. ``listener`` is set for DICOM and HL7: the declaration to which its ports belong.

    ``service`` is its name in SERVICES, empty for DICOM and HL7. ``declared``: the destination declares the port.
    """

    title: str
    listener: Listener | None
    service: str = ""
    declared: bool = False


_BY_PORT: Mapping[tuple[str, int], str] = {
    (protocol, port): name
    for name, service in SERVICES.items()
    if service.declared_by is None
    for protocol in service.protocols
    for port in service.ports
}


class Services:
    """Recognises services. ``proven``: what was heard being spoken on an address and port, whatever its number."""

    def __init__(self, site: Site, proven: Mapping[tuple[str, int], Listener] | None = None) -> None:
        self._declared: dict[tuple[str, int], Listener] = {}
        for device in site.devices.values():
            listeners: tuple[tuple[Listener, Iterable[ApplicationEntity | Hl7Application]], ...] = (
                ("application_entities", device.application_entities),
                ("hl7_applications", device.hl7_applications),
            )
            for listener, applications in listeners:
                for connection in (connection for item in applications for connection in item.connections):
                    for address in device.addresses:
                        self._declared.setdefault((str(address), connection.port), listener)
        self._proven = proven or {}

    def of(self, destination: str, protocol: str, port: int) -> Known | None:
        """The service of a flow, None where nobody knows."""
        if protocol == "tcp":
            declared = self._declared.get((destination, port))
            if declared:
                return Known(_TITLES[declared], declared, declared=True)
            proven = self._proven.get((destination, port))
            if proven:
                return Known(_TITLES[proven], proven)
            if port in DICOM_PORTS:
                return Known("DICOM", "application_entities")
            if port in SERVICES["hl7_mllp"].ports:
                return Known("HL7", "hl7_applications")
        name = _BY_PORT.get((protocol, port))
        return Known(SERVICES[name].title, None, name) if name else None
