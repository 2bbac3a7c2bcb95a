# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the guard of a VPN gateway: what belongs into a tunnel never leaves, arrives or passes in clear.

IPsec policies vanish with the daemon, and the userspace ESP has none; the packets then take the ordinary route. The
guard knows the networks behind the tunnels, and lets to and from them pass only what IPsec protects. It is a table of
its own, before the firewall's in every hook, so that no change of the firewall's rules opens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .._site.model import Network
from .spelling import FAMILIES, address_range, ends_of, indented

TABLE = "pacs_vpn_guard"
_PRIORITY = -5
#: With hop limit 255 they come from this link (RFC 4861), so they are no tunnel's, whatever source they claim.
_NEIGHBOURS = ("ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",)


@dataclass(frozen=True, slots=True)
class Form:
    """How a packet shows that IPsec protects it: matches for one that doesn't, on the way out and on the way in."""

    going: str
    coming: str


#: The kernel's ESP: nft knows whether a policy applies to what goes, and whether what came was decrypted.
KERNEL = Form("rt ipsec missing", "meta ipsec missing")


def interface_form(name: str) -> Form:
    """ESP by a program: what it protects goes to and comes from an interface of its own."""
    return Form(f'oifname != "{name}"', f'iifname != "{name}"')


def render_guard(networks: Iterable[Network], form: Form) -> str:
    """The text of the table; without networks it has chains that stop nothing."""
    remote = sorted(networks, key=lambda network: (network.version, ends_of(network)))
    versions = [(version, ip, address) for version, ip, address, _icmp in FAMILIES]
    used = [item for item in versions if any(network.version == item[0] for network in remote)]
    lines: list[str] = []
    for version, _ip, address in used:
        elements = ", ".join(address_range(version, span) for span in _merged(remote, version))
        body = (f"type {address}", "flags interval", f"elements = {{ {elements} }}")
        lines += [f"set remote{version} {{", *indented(body), "}"]
    going = [f"{ip} daddr @remote{version} {form.going} counter reject" for version, ip, _address in used]
    coming = [f"{ip} saddr @remote{version} {form.coming} counter drop" for version, ip, _address in used]
    for name, hook, rules in (
        ("outbound", "output", going),
        ("inbound", "input", [*(_NEIGHBOURS if any(version == 6 for version, *_rest in used) else ()), *coming]),
        ("through", "forward", [*going, *coming]),
    ):
        lines += [f"chain {name} {{", f"\ttype filter hook {hook} priority {_PRIORITY}; policy accept;"]
        lines += [*indented(rules), "}"]
    return "\n".join([f"table inet {TABLE} {{", *indented(lines), "}"]) + "\n"


def _merged(networks: Iterable[Network], version: int) -> Iterator[tuple[int, int]]:
    """Disjoint spans: nft refuses a set in which one lies within another."""
    last: tuple[int, int] | None = None
    for first, end in sorted(ends_of(network) for network in networks if network.version == version):
        if last is not None and first <= last[1] + 1:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (first, end)
    if last is not None:
        yield last
