"""The lab as a report is made of it, for tests that spoil a part of it and look at what is said then."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from compliance_example import (
    FOLDER,
    hardened_hosts,
    hardened_site,
    network,
    ok,
    orthanc,
    profiles,
    report,
    scanned,
)
from remote_evidence import gateway_parts
from sites import remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Report

STRICT = {
    **{f"DicomAlwaysAllow{right}": False for right in ("Echo", "Store", "Find", "FindWorklist", "Get", "Move")},
    "DicomCheckCalledAet": True,
    "DicomCheckModalityHost": True,
    "DicomModalities": {"ct1": ["CT1", "198.18.20.11", 11112]},
    "RemoteAccessAllowed": True,
    "AuthenticationEnabled": True,
    "RegisteredUsers": {"radiology": "a-long-one-of-its-own"},
}


@dataclass
class Lab:
    """What a report is made from; a case may spoil any of it."""

    site: dict[str, Any]
    hosts: dict[str, Any]
    network: dict[str, Any]
    profiles: dict[str, Any] = field(default_factory=profiles)
    files: dict[str, Any] = field(default_factory=scanned)

    def report(self) -> Report:
        return report(self.hosts, self.network, site=self.site, profiles=self.profiles, files=self.files)

    def part(self, host: str, name: str) -> dict[str, Any]:
        part: dict[str, Any] = self.hosts[host]["evidence"]["parts"][name]
        return part

    def rules(self, firewall: str = "core") -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self.part(firewall, "nftables")["value"]["listing"]["nftables"]
        return rules

    def chain(self, name: str) -> dict[str, Any]:
        return next(one["chain"] for one in self.rules() if one.get("chain", {}).get("name") == name)

    def insert(self, chain: str, *statements: dict[str, Any], table: str = "pacs") -> None:
        """A rule at the head of a chain."""
        place = next(number for number, one in enumerate(self.rules()) if one.get("rule", {}).get("chain") == chain)
        rule = {"family": "inet", "table": table, "chain": chain, "handle": 99, "expr": list(statements)}
        self.rules().insert(place, {"rule": rule})

    def flows(self, **changes: Any) -> None:
        """What core has seen."""
        self.part("core", "firewall_flows")["value"].update(changes)

    def orthanc(self, **options: Any) -> None:
        self.hosts["pacs1"]["evidence"]["parts"]["orthanc"] = orthanc({**STRICT, **options})

    def outcome(self, vantage: str, probe: str, outcome: str) -> None:
        (result,) = (one for one in self.network[vantage] if one["id"] == probe)
        result["outcome"] = outcome


def whole() -> Lab:
    """Everything as it should be."""
    return Lab(hardened_site(), hardened_hosts(), network(hardened_site(), shut=True))


@cache
def unspoilt() -> Report:
    """The report on it: the control case of every test."""
    return whole().report()


def remote() -> Lab:
    """The same with people, a branch and a vendor that come from outside, through the firewall ``edge``."""
    site = {**remote_site(), "devices": {**remote_site()["devices"], "pacs1": hardened_site()["devices"]["pacs1"]}}
    lab = Lab(site, hardened_hosts(), {})
    listing = json.loads((FOLDER / "remote-listing.json").read_text(encoding="utf-8"))
    parts = {**gateway_parts(site, "edge"), "nftables": ok(version="1.0.6", listing=listing, legacy_tables=[])}
    lab.hosts["edge"]["evidence"]["parts"].update(parts)
    return lab


@cache
def unspoilt_remote() -> Report:
    """The report on that."""
    return remote().report()


def found(made: Report, control: str, subject: str) -> tuple[str, str]:
    """The state, and what was observed as one text."""
    (finding,) = (
        one.judgement
        for one in made.findings
        if (one.judgement.control.id, one.judgement.facts.subject) == (control, subject)
    )
    return finding.state, "; ".join(finding.observed)
