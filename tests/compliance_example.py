"""A lab that was never hardened and one that is, as evidence: what the judge's tests start from.

``PYTHONPATH=tests:.cache/collections .venv/bin/python -m compliance_example`` writes the results of both below
tests/fixtures/compliance; with the word ``listings``, and with root and nft, first what nft lists on the hardened one.
"""

from __future__ import annotations

import copy
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import antivirus_evidence
import remote_evidence
import seen_flows
import yaml
from antivirus_evidence import IMPORT, STORE
from antivirus_example import confirmation, shipped
from nft_listing import listed
from sites import lab_site, remote_site
from vpn_profiles import profiles as crypto

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.flows import flows_part
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc import orthanc_document
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc_files import SourceFile
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.assess import assess
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control import Control
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control_load import load_controls
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_governance import read_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Report
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.probe_plan import Planned, plan_probes
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import Mode
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "tests" / "fixtures" / "compliance"
NOW = "2026-11-24T06:30:00Z"
VERSION = "0.1.0"
ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound
CONTROLS = PROJECT / "plugins" / "plugin_utils" / "_compliance" / "controls"
_STRICT = {
    "DicomAlwaysAllowEcho": False,
    "DicomAlwaysAllowStore": False,
    "DicomCheckCalledAet": True,
    "DicomCheckModalityHost": True,
    "DicomModalities": {"ct1": ["CT1", "198.18.20.11", 11112], "ws1": ["WS1", "198.18.60.21", 11112]},
    "RemoteAccessAllowed": True,
    "AuthenticationEnabled": True,
    "RegisteredUsers": {"radiology": "a-long-one-of-its-own"},
}
_LOOSE = {"RemoteAccessAllowed": True, "RegisteredUsers": {"orthanc": "orthanc"}}


def hardened_site() -> dict[str, Any]:
    """The lab's site, with antivirus as it is declared once it is there."""
    site = lab_site()
    site["devices"]["pacs1"]["antivirus"] = {"agent": "clamav", "profiles": ["orthanc"], "landing": [IMPORT]}
    return site


def profiles() -> dict[str, Any]:
    """Vendor profiles of the site."""
    return {"orthanc": {"template": "orthanc_debian", **confirmation()}}


def scanned() -> dict[str, Any]:
    """What dicom_files_info returned, by inventory name."""
    return {"pacs1": antivirus_evidence.scanned(STORE, IMPORT)}


def controls() -> tuple[Control, ...]:
    """The controls of the collection."""
    return load_controls(
        {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CONTROLS.glob("*.yml")}
    )


def ok(**value: Any) -> dict[str, Any]:
    """A part of a host's evidence that was seen."""
    return {"status": "ok", "value": value}


def absent(reason: str) -> dict[str, Any]:
    """A part that the host doesn't have."""
    return {"status": "absent", "reason": reason}


def listener(port: int, process: str, address: str = ANYWHERE, protocol: str = "tcp") -> dict[str, Any]:
    """An entry of the listening sockets."""
    family = 6 if ":" in address else 4
    return {"protocol": protocol, "family": family, "address": address, "port": port, "process": process}


def host(**parts: dict[str, Any]) -> dict[str, Any]:
    """A host that was read."""
    plain = {
        "system": ok(os="debian", version="12", kernel="6.1", python="3.11.2", hostname=None),
        "nftables": absent("nft isn't installed"),
        "sockets": ok(listeners=[listener(22, "sshd"), listener(22, "sshd", "::")]),
        "forwarding": ok(ipv4=False, ipv6=False),
        "firewall_flows": absent("nft isn't installed"),
        "orthanc": absent("no Orthanc server runs here, and there is no /etc/orthanc"),
        "logging": ok(journald=True, nflog_listener=False, drop_log_group=5, forwarders=[], forwarded=False),
        "antivirus": absent("neither ClamAV's daemon nor Defender is installed"),
        "directories": absent("no directory is asked for, and none is watched"),
        "openvpn": absent("no OpenVPN server runs here"),
        "ipsec": absent("no IPsec daemon runs here, and strongSwan has no connections"),
        "remote_leftovers": remote_evidence.leftovers(),
    }
    evidence = {"format": 1, "collected_at": "2026-11-24T06:29:12Z", "parts": {**plain, **parts}}
    return {"reached": "ok", "reason": "", "evidence": evidence}


def seen(mode: Mode = "enforce", **changes: Any) -> dict[str, Any]:
    """What a firewall has seen in two hours: every declared flow, and nothing else."""
    times = {"read_at": "2026-11-24T06:29:12Z", "since": "2026-11-24T04:29:12Z"}
    value = flows_part(seen_flows.seen(connections=[], own_addresses=[], **times))["value"]
    return ok(**{**value, "mode": mode, "used": 12, **changes})


def orthanc(configuration: dict[str, Any]) -> dict[str, Any]:
    """The part of a server with this configuration."""
    file = SourceFile("/etc/orthanc/orthanc.json", json.dumps(configuration))
    return ok(**orthanc_document([file], {}, True, False))


def listing(firewall: str, mode: Mode = "enforce") -> dict[str, Any]:
    """What nft lists on a hardened firewall of the lab, or on the core while it only watches."""
    document: dict[str, Any] = json.loads(_listing_file(firewall, mode).read_text(encoding="utf-8"))
    return document


def _listing_file(firewall: str, mode: Mode) -> Path:
    return FOLDER / f"{firewall}-{'listing' if mode == 'enforce' else mode}.json"


def hardened_hosts() -> dict[str, Any]:
    """Every host of the lab as it should be."""
    ssh = [listener(22, "sshd"), listener(22, "sshd", "::")]
    log = ok(journald=True, nflog_listener=True, drop_log_group=5, forwarders=["rsyslogd"], forwarded=True)
    rules = {name: ok(version="1.0.6", listing=listing(name), legacy_tables=[]) for name in ("core", "edge")}
    archive = [*ssh, listener(11112, "Orthanc"), listener(8042, "Orthanc", "127.0.0.1")]
    protected = {
        "antivirus": antivirus_evidence.clamav(None),
        "directories": antivirus_evidence.directories(IMPORT),
    }
    archives = {
        "antivirus": antivirus_evidence.clamav(),
        "directories": antivirus_evidence.directories(STORE, IMPORT),
    }
    hosts = {
        **{
            name: host(
                nftables=rules[name],
                logging=log,
                firewall_flows=seen(),
                **remote_evidence.gateway_parts(hardened_site(), name),
            )
            for name in rules
        },
        "pacs1": host(orthanc=orthanc(_STRICT), sockets=ok(listeners=archive), **archives),
        "ris1": host(sockets=ok(listeners=[*ssh, listener(11112, "wlmscpfs"), listener(2575, "python3")]), **protected),
        "his1": host(sockets=ok(listeners=[*ssh, listener(2575, "python3")]), **protected),
        "ws1": host(sockets=ok(listeners=[*ssh, listener(11112, "storescp")]), **protected),
        "ops1": host(**protected),
    }
    return copy.deepcopy(hosts)


def untouched_hosts() -> dict[str, Any]:
    """The same before anything was done: no rules, no antivirus, and an archive as its package ships it."""
    hosts = hardened_hosts()
    for one in hosts.values():
        for part in ("antivirus", "directories"):
            one["evidence"]["parts"][part] = host()["evidence"]["parts"][part]
    hosts["core"] = host()
    bare = {"nftables": ok(version="1.1.3", listing={"nftables": []}, legacy_tables=[])}
    hosts["edge"] = host(**bare, firewall_flows=absent("there is no table inet pacs"))
    archive = [listener(22, "sshd"), listener(22, "sshd", "::"), listener(11112, "Orthanc"), listener(8042, "Orthanc")]
    hosts["pacs1"] = host(orthanc=orthanc(_LOOSE), sockets=ok(listeners=archive))
    return hosts


def network(site: dict[str, Any], *, shut: bool) -> dict[str, Any]:
    """What the planned probes bring back where the firewalls do what is declared (``shut``), or nothing at all."""
    return {
        name: [_result(planned, shut) for planned in plan.probes]
        for name, plan in plan_probes(compile_site(site)).items()
    }


def _result(planned: Planned, shut: bool) -> dict[str, Any]:
    outcome = "open"
    if planned.application == "dicom" and planned.probe == "passive":
        outcome = "skipped"
    elif planned.family == 6 and planned.port != 22:
        outcome = "refused"  # these servers listen on IPv4 only
    elif shut and not planned.declared:
        outcome = "timeout"
    return {"id": planned.id, "outcome": outcome, "detail": "as an example", "seconds": 0.1, "dicom": None}


def report(hosts: Any, tried: Any = None, waivers: Any = (), site: Any = None, **options: Any) -> Report:
    """The report on the lab."""
    compiled = compile_site(copy.deepcopy(site or hardened_site()))
    known = read_profiles(shipped(), options.pop("profiles", profiles()), date.fromisoformat(NOW[:10]))
    options = {"profiles": known, "crypto": crypto(), "waivers": waivers, **options}
    return assess(compiled, controls(), hosts=hosts, network=tried, now=NOW, version=VERSION, **options)


def before() -> dict[str, Any]:
    """The result for the untouched lab, with a host that is down and one that died meanwhile."""
    hosts = untouched_hosts()
    hosts["his1"] = {"reached": "unreachable", "reason": "connection timed out", "evidence": None}
    hosts["ws1"] = {"reached": "timeout", "reason": "Timed out after 30 second(s).", "evidence": None}
    tried = network(lab_site(), shut=False)
    seen = {name: results for name, results in tried.items() if name not in ("his1", "ws1")}
    return report(hosts, seen, site=lab_site(), profiles={}, files={}).document()


def after() -> dict[str, Any]:
    """The result for the hardened lab."""
    return report(hardened_hosts(), network(lab_site(), shut=True), files=scanned()).document()


def text(document: dict[str, Any]) -> str:
    """As the fixtures are written."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def write_listings() -> None:
    """What the real nft makes of the rules of today."""
    policies = compile_site(lab_site()).policies
    remote = render(compile_site(remote_site()).policies["edge"]) + remote_evidence.guard(remote_site(), "edge")
    (FOLDER / "remote-listing.json").write_text(json.dumps(listed(remote)), encoding="utf-8")
    wanted: tuple[tuple[str, Mode], ...] = (("core", "enforce"), ("core", "watch"), ("edge", "enforce"))
    for name, mode in wanted:
        text = json.dumps(listed(render(policies[name], mode) + remote_evidence.guard(lab_site(), name)))
        _listing_file(name, mode).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if "listings" in sys.argv:
        write_listings()
    for name, made in (("before", before()), ("after", after())):
        (FOLDER / f"{name}.json").write_text(text(made), encoding="utf-8")
