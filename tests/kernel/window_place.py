"""A vendor, a firewall and a scanner in namespaces: the site's rules in the kernel, and pacs-access on the firewall."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kernel.namespaces import Namespace
from kernel.talk import Talk, talk

from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import AccessLayout
from ansible_collections.pacs.hardening.plugins.module_utils._io.access import Prepared, prepare
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.windows import intervention_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.interventions import interventions
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

VENDOR = {4: "10.1.0.2", 6: "fd00:1::2"}
SCANNER = {4: "10.2.0.2", 6: "fd00:2::2"}
NAME, OTHER = "vendor1-ct1-ssh", "vendor1-ct1-https"
SSH, HTTPS, REPORTS = 22, 443, 8443
#: Words that every grant needs.
WHY = ("--ticket", "INC-1", "--reason", "gantry error 23")


def site() -> dict[str, Any]:
    """One firewall between a vendor's zone and the modalities: two interventions, and what the scanner reports."""
    intervention = {"from": "vendor1", "to": "ct1", "kind": "intervention", "owner": "Anna Example", "contract": "SC-1"}
    return {
        "name": "Windows",
        "management": {"sources": ["10.2.0.250"]},
        "zones": {
            "vendors": {"networks": ["10.1.0.0/24", "fd00:1::/64"]},
            "modality": {"networks": ["10.2.0.0/24", "fd00:2::/64"]},
        },
        "devices": {
            "vendor1": {"zone": "vendors", "addresses": list(VENDOR.values())},
            "ct1": {"zone": "modality", "addresses": list(SCANNER.values()), "actors": ["acquisition_modality"]},
        },
        "conduits": [
            {**intervention, "service": "ssh", "reason": "service", "longest_minutes": 60, "on_call": True},
            {**intervention, "service": "https", "reason": "updates"},
            {"from": "ct1", "to": "vendor1", "protocol": "tcp", "ports": [REPORTS], "reason": "reports"},
        ],
        "firewalls": {"edge": {"kind": "external", "interfaces": {"vendors": "vendors0", "modality": "modality0"}}},
    }


def missing() -> str | None:
    """Why it can't be tried here, or None."""
    if os.geteuid() != 0:
        return "needs root: it makes network namespaces"
    absent = [name for name in ("nft", "faketime", "conntrack") if shutil.which(name) is None]
    return f"needs {', '.join(absent)}" if absent else None


@dataclass
class Place:
    """The three namespaces, and where the firewall's files lie."""

    vendor: Namespace
    firewall: Namespace
    scanner: Namespace
    layout: AccessLayout

    def prepare(self, document: dict[str, Any]) -> Prepared:
        """What the role does on the firewall."""
        compiled = compile_site(document)
        known = intervention_documents(compiled.policies["edge"], interventions(compiled))
        with self.firewall.inside():
            return prepare(known, "pacs-oncall", False, self.layout)

    def load(self, document: dict[str, Any]) -> None:
        """The site's rules, as at boot: every set that fills is empty."""
        text = render(compile_site(document).policies["edge"])
        self.firewall.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{text}")

    def access(self, *arguments: str, clock: str = "", sudo: bool = False) -> subprocess.CompletedProcess[str]:
        """Call pacs-access on the firewall; ``clock`` shifts its wall clock; by ``sudo`` as somebody on call would."""
        shift = ["faketime", "-f", clock] if clock else []
        environment = {**os.environ, "SUDO_UID": "1000", "SUDO_USER": "oncall"} if sudo else None
        with self.firewall.inside():
            return subprocess.run(
                [*shift, self.layout.command, *arguments], env=environment, capture_output=True, text=True, check=False
            )

    def grant(self, span: str, name: str = NAME, window: str = "w1") -> None:
        """Open a window, as Ansible does."""
        done = self.access("grant", name, "--for", span, *WHY, "--id", window, "--by", "Anna Example")
        assert done.returncode == 0, done

    def restart(self, document: dict[str, Any], clock: str = "") -> subprocess.CompletedProcess[str]:
        """The firewall starts anew, a minute after somebody wrote down what was left."""
        self.access("keep")
        shutil.rmtree(self.layout.run)
        self.firewall.run("nft", "flush", "ruleset")
        self.firewall.run("conntrack", "-F")
        self.load(document)
        return self.access("boot", clock=clock)

    def left(self, version: int = 4) -> int:
        """Seconds that the kernel gives the longest window of the zone pair."""
        listed = self.firewall.run(
            "nft", "-n", "list", "set", "inet", "pacs", f"window{version}_from_vendors_to_modality"
        )
        times = [int(part.split("s", 1)[0]) for part in listed.split(" expires ")[1:]]
        return max(times, default=0)

    def session(self, port: int = SSH, version: int = 4, patience: float = 2.0) -> AbstractContextManager[Talk]:
        """A connection of the vendor to the scanner."""
        return talk(self.vendor, VENDOR[version], self.scanner, SCANNER[version], port, patience)

    def reports(self, version: int = 4) -> bool:
        """Whether the scanner can still report to its vendor: what stands beside the interventions."""
        with talk(self.scanner, SCANNER[version], self.vendor, VENDOR[version], REPORTS, 2.0) as found:
            return found.opened and found.carries()


@contextmanager
def place(root: Path) -> Iterator[Place]:
    """Everything wired, with rules and pacs-access as the site wants them."""
    base = AccessLayout()
    paths = {name: f"{root}{getattr(base, name)}" for name in base.__dataclass_fields__}
    with ExitStack() as stack:
        vendor, firewall, scanner = (
            stack.enter_context(closing(Namespace(name))) for name in ("vendor", "firewall", "scanner")
        )
        firewall.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, ipv6__conf__default__accept_dad=0)
        for number, (host, leg) in enumerate(((vendor, "vendors0"), (scanner, "modality0")), 1):
            host.sysctl(ipv6__conf__default__accept_dad=0)
            firewall.join(leg, host, "eth0")
            firewall.ip(f"addr add 10.{number}.0.1/24 dev {leg}", f"addr add fd00:{number}::1/64 dev {leg} nodad")
            host.ip(
                f"addr add 10.{number}.0.2/24 dev eth0",
                f"addr add fd00:{number}::2/64 dev eth0 nodad",
                f"route add default via 10.{number}.0.1",
                f"route add default via fd00:{number}::1",
            )
        made = Place(vendor, firewall, scanner, replace(base, **paths))
        made.load(site())
        made.prepare(site())
        yield made
