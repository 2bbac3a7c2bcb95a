# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words a site document may use for actors and services: data, from IHE and from the registries named below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: IHE Radiology actors (RAD TF-1 appendix A) that the product knows.
ACTORS: Mapping[str, str] = {
    "acquisition_modality": "Acquisition Modality",
    "evidence_creator": "Evidence Creator",
    "image_display": "Image Display",
    "image_manager_archive": "Image Manager / Image Archive",
    "importer": "Importer",
    "order_filler": "Department System Scheduler / Order Filler (RIS)",
    "order_placer": "Order Placer (HIS)",
    "print_server": "Print Server",
    "report_manager": "Report Manager",
    "report_repository": "Report Repository",
}

#: Antivirus agents that a device may have. Each has a renderer in _antivirus.
ANTIVIRUS_AGENTS = ("clamav", "defender_linux", "defender_windows")

#: What a maker answers about malware protection that decides here (MDS2, NEMA HN 1-2019, section MLDP), in our words.
MDS2_QUESTIONS: Mapping[str, str] = {
    "MLDP-2": "anti-malware software is supported",
    "MLDP-2.3": "the owner may install or update it",
    "MLDP-2.4": "the owner may configure it",
    "MLDP-3": "other controls compensate where it can't be installed",
    "MLDP-4": "only allow-listed software runs",
    "MLDP-5": "host intrusion detection or prevention runs",
}

Protocol = Literal["tcp", "udp", "icmp"]
TransportProtocol = Literal["tcp", "udp"]
PROTOCOLS: tuple[TransportProtocol, ...] = ("tcp", "udp")

#: What a VPN may be held to; what each demands stands in plugins/plugin_utils/_vpn/profiles.
CRYPTO_PROFILES: tuple[str, ...] = ("nist", "cnsa")


@dataclass(frozen=True, slots=True)
class Service:
    """A named service. Where ``declared_by`` is set, the destination device's own declaration says on which ports."""

    protocols: tuple[Protocol, ...]
    ports: tuple[int, ...]
    title: str
    declared_by: Literal["application_entities", "hl7_applications"] | None = None


#: Ports from IANA's registry; DICOM from PS3.8 section 9.1.2 and PS3.15 section B; HL7 MLLP 2575 by registration.
SERVICES: Mapping[str, Service] = {
    "dicom": Service(("tcp",), (), "DICOM upper layer", "application_entities"),
    "hl7_mllp": Service(("tcp",), (2575,), "HL7 v2 over MLLP", "hl7_applications"),
    "dns": Service(("tcp", "udp"), (53,), "DNS"),
    "http": Service(("tcp",), (80,), "HTTP"),
    "https": Service(("tcp",), (443,), "HTTPS, DICOMweb over TLS"),
    "ldap": Service(("tcp",), (389,), "LDAP"),
    "ldaps": Service(("tcp",), (636,), "LDAP over TLS"),
    "ntp": Service(("udp",), (123,), "NTP (IHE ITI-1 Maintain Time)"),
    "ping": Service(("icmp",), (), "ICMP echo request"),
    "rdp": Service(("tcp", "udp"), (3389,), "Remote Desktop"),
    "smb": Service(("tcp",), (445,), "SMB"),
    "snmp": Service(("udp",), (161,), "SNMP"),
    "ssh": Service(("tcp",), (22,), "SSH"),
    "syslog": Service(("udp",), (514,), "syslog"),
    "syslog_tls": Service(("tcp",), (6514,), "syslog over TLS (IHE ITI-20 Record Audit Event)"),
}
