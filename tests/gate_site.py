"""The lab's site as this scenario wants it: few vantage points, a flow through both firewalls, and some odd peers."""

from __future__ import annotations

import json
from typing import Any

from sites import lab_site

from lab import nodes
from playbooks import PlaybookRun

#: Nobody else has this port: where it stands in the rules, the change is in force.
MARK = 54321
HANGS, NOBODY = 4242, 4243
BOTH = ("core", "edge")
STORE = "/var/lib/pacs-hardening/nft"
TEST = "ws1 -> outsider:22 TCP"


def site() -> dict[str, Any]:
    """Probes come from ws1, ops1 and his1 alone. ws1 reaches outsider through both firewalls."""
    document = lab_site()
    for name in ("pacs1", "ris1"):
        document["devices"][name]["managed"] = False
    document["devices"]["ct1"]["contact"] = "Anna Example, ext. 4711"
    document["devices"]["outsider"] = {"zone": "external", "addresses": ["198.19.0.50"], "probe": "passive"}
    entities = document["devices"]["ris1"]["application_entities"]
    entities.append({"title": "HANGS", "connections": [{"port": HANGS}]})
    document["conduits"] = [
        {"from": "ws1", "to": "outsider", "service": "ssh", "reason": "through both firewalls"},
        {"from": "ws1", "to": "ris1", "protocol": "tcp", "ports": [HANGS], "reason": "a peer that says nothing"},
        {"from": "ws1", "to": "pacs1", "protocol": "tcp", "ports": [NOBODY], "reason": "nobody listens there"},
    ]
    return document


def changed(port: int = MARK) -> dict[str, Any]:
    """One flow more, which changes the rules of both firewalls."""
    document = site()
    document["conduits"].append(
        {"from": "ws1", "to": "outsider", "protocol": "tcp", "ports": [port], "reason": "a change"}
    )
    return document


def variables(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Extra variables of a run. Everything is installed and warm, and nobody wants to wait a minute."""
    fast = {"firewall_change_packages": [], "firewall_change_warm_up": 0, "firewall_change_confirm_timeout": 30}
    return {"pacs_site": document, **fast, **more}


def rules(firewall: str) -> list[Any]:
    """Our table as it stands in the kernel, without what it counts, what it remembers, and the kernel's own numbers."""
    listing = nodes.run(firewall, ["/usr/sbin/nft", "-j", "-s", "list", "table", "inet", "pacs"], check=True).stdout
    found = []
    for entry in json.loads(listing)["nftables"]:
        ((kind, body),) = entry.items()
        if kind != "metainfo":
            if body.get("name") in ("undeclared4", "undeclared6", "opened"):
                body.pop("elem", None)
            found.append({kind: _lasting(body)})
    return found


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in ("handle", "packets", "bytes")}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def in_force(firewall: str, port: int = MARK) -> bool:
    """Whether the change is in the rules."""
    return f'"tcp", {port}]' in json.dumps(rules(firewall))


def journal(firewall: str, state: str) -> set[str]:
    """The ids of the changes in a state."""
    return set(nodes.run(firewall, ["/bin/ls", f"{STORE}/{state}"], check=True).stdout.split())


def words(done: PlaybookRun) -> str:
    """The output on one line: Ansible wraps it."""
    return " ".join(done.output.split())


def reaches(source: str, address: str, port: int) -> bool:
    """Whether a connection can be made right now."""
    command = ["/usr/bin/nc", "-z", "-w", "2", address, str(port)]
    return nodes.run(source, command, timeout=20).returncode == 0
