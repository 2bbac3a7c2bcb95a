"""What the report says of the hospital's gateway, by what its strongSwan, its files and its kernel really say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from compliance_example import controls
from kernel.ipsec_place import BRANCH, HOSPITAL, Place
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.refusals import Line, refusals_in
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.collected import read_host
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_remote_access import remote_access_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

CONTROLS = {control.id: control for control in controls()}
_SAID = re.compile(r"(\d\d)\[[A-Z0-9]{3}\] (.*)")
SITE: dict[str, Any] = {
    "name": "Example Hospital",
    "management": {"sources": ["10.3.0.0/24"]},
    "zones": {
        "pacs": {"networks": ["10.1.0.0/24", "fd00:1::/64"]},
        "branch": {"networks": ["10.2.0.0/24", "fd00:2::/64"]},
        "management": {"networks": ["10.3.0.0/24"]},
        "external": {"networks": ["any"]},
    },
    "devices": {
        "pacs1": {"zone": "pacs", "addresses": ["10.1.0.10"]},
        "ct9": {"zone": "branch", "addresses": ["10.2.0.11"]},
    },
    "conduits": [{"from": "ct9", "to": "pacs1", "protocol": "tcp", "ports": [11112], "reason": "images"}],
    "firewalls": {
        "edge": {
            "kind": "external",
            "interfaces": {
                "external": "outer0",
                "pacs": "inner0",
                "branch": {"interface": "outer0", "tunnel": "branch"},
            },
        }
    },
    "remote_access": {
        "ipsec": {
            "branch": {
                "gateway": "edge",
                "zone": "branch",
                "local": {"addresses": ["203.0.113.1"], "identity": HOSPITAL},
                "peer": {"addresses": ["203.0.113.2"], "identity": BRANCH},
                "profile": "cnsa",
            }
        }
    },
}

ESP = "esp_proposals = aes256gcm16-ecp384"
STRONG, WEAK = "aes256gcm16-prfsha384-ecp384", "3des-sha1-modp1024"
PUBKEY = (("auth = pubkey", "auth = psk"),)
#: By what is offered: the changes, what the other side is told, what is logged, and where and how the report says it.
REFUSED: dict[str, tuple[tuple[tuple[str, str], ...], str, str, str, str]] = {
    "weak IKE": (
        ((STRONG, WEAK),),
        "NO_PROPOSAL_CHOSEN",
        "received proposals unacceptable",
        "VPN-01",
        "203.0.113.2, because nothing it offered is allowed",
    ),
    "weak ESP": (
        ((ESP, f"esp_proposals = {WEAK}"),),
        "NO_PROPOSAL_CHOSEN",
        "no acceptable proposal found",
        "VPN-01",
        "203.0.113.2, because nothing it offered is allowed",
    ),
    "IKEv1": (
        (("version = 2", "version = 1"),),
        "NO_PROPOSAL_CHOSEN",
        "no IKE config found",
        "VPN-02",
        "203.0.113.2, because it spoke IKEv1",
    ),
    "a pre-shared key": (
        PUBKEY,
        "AUTHENTICATION_FAILED",
        "no shared key found|constraint requires public key",
        "VPN-03",
        "203.0.113.2, because it came with a pre-shared key",
    ),
}


def report(place: Place, since: int | None = None) -> dict[str, tuple[str, str]]:
    """State and text of each control of VPN. ``since``: where in the log refusals begin; the daemons of these tests
    have no journal, so their log is read as the journal would be.
    """
    with place.inside():
        evidence = host_evidence(["ipsec", "nftables"], 10, Host(root=place.root))
    assert evidence["parts"]["ipsec"]["status"] == "ok", evidence["parts"]["ipsec"]
    if since is not None:
        found = refusals_in(_lines(place.hospital.log()[since:]))
        evidence["parts"]["ipsec"]["value"]["refusals"] = [one.document() for one in found]
    evidence["parts"]["openvpn"] = {"status": "absent", "reason": "none"}
    record = read_host(json.loads(json.dumps({"reached": "ok", "reason": "", "evidence": evidence})))
    site = load_site(SITE).site
    known, unknown = remote_access_facts(site, "edge", record, profiles(), datetime.now(UTC))
    reasons = {f"firewall.remote_access.{path}": reason for path, reason in unknown.items()}
    facts = Facts("firewall", "edge", {"firewall": {"remote_access": known}}, reasons)
    judged = {name: judge(CONTROLS[name], facts) for name in ("VPN-01", "VPN-02", "VPN-03", "VPN-05")}
    return {name: (one.state, "; ".join(one.observed)) for name, one in judged.items()}


def _lines(log: str) -> Iterator[Line]:
    for line in log.splitlines():
        said = _SAID.search(line)
        if said:
            yield Line(said[1], said[2])
