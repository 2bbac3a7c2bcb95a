# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the base chains begin and end: what becomes of packets of known connections, and of those that no rule takes.

In mode ``enforce`` what no rule takes is dropped; in mode ``watch`` nothing is. Both modes count it, log it and
remember it alike, so that a site sees beforehand what would be cut, and afterwards what was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from .spelling import FAMILIES, flow_key, flow_type
from .windows import CHAIN, CLOSED

Mode = Literal["enforce", "watch"]
Hook = Literal["forward", "input"]
MODES: tuple[Mode, ...] = ("enforce", "watch")
#: Packets that no rule takes are copied to this NFLOG group, at most ten a second; without a listener nothing happens.
LOG_GROUP = 5
#: How many undeclared connections of each IP version a firewall remembers, and for how long after it saw the last.
_MEMORY = "size 65535"
_MEMORY_TIME = "30d"


def counters(interventions: bool) -> Iterator[str]:
    """The named counters of what no rule takes, and of interventions outside their windows."""
    yield 'counter undeclared_forward { comment "no declared flow" }'
    yield 'counter undeclared_input { comment "not addressed to this firewall by its administration" }'
    yield 'counter not_remembered { comment "the memory of undeclared connections was full" }'
    yield 'counter opened_forward { comment "opened for a while on the console of this firewall" }'
    if interventions:
        yield f'counter {CLOSED} {{ comment "interventions outside their windows" }}'


def state_sets() -> Iterator[str]:
    """The sets that fill while the rules are in force: nothing of them is policy.

    ``undeclared4`` and ``undeclared6`` are the memory. ``opened`` holds the protocols that somebody lets pass for a
    while on the firewall's own console; an element ends by its timeout, in the kernel.
    """
    for version, _ip, address, _icmp in FAMILIES:
        yield f"set undeclared{version} {{"
        yield f"\ttype {flow_type(address)}"
        yield f"\t{_MEMORY}"
        yield "\tflags dynamic,timeout"
        yield "\tcounter"
        yield f"\ttimeout {_MEMORY_TIME}"
        yield "}"
    yield "set opened {"
    yield "\ttype inet_proto"
    yield "\tflags timeout"
    yield "}"


def beginning(hook: Hook, mode: Mode, interventions: bool = False) -> Iterator[str]:
    """The type and policy of a base chain, and what it does with what conntrack knows.

    With ``interventions`` those outside their windows are stopped first, though conntrack may know them.
    """
    yield f"type filter hook {hook} priority filter; policy {_verdict(mode)};"
    if interventions and mode == "enforce":
        yield f"jump {CHAIN}"
    if mode == "enforce":
        yield "ct state vmap { established : accept, related : accept, invalid : drop }"
    else:
        yield "ct state vmap { established : accept, related : accept }"
        yield "ct state invalid counter accept"


def vital() -> Iterator[str]:
    """What must reach a firewall in any case: itself, and its neighbours."""
    yield 'iifname "lo" accept'
    # Without neighbour discovery a firewall loses IPv6 altogether. Hop limit 255 (RFC 4861) proves an on-link sender.
    yield "ip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept"


def ending(hook: Hook, mode: Mode) -> Iterator[str]:
    """What becomes of packets that no rule of a base chain takes."""
    if hook == "forward":
        yield "meta l4proto @opened counter name opened_forward accept"
    yield f'limit rate 10/second burst 20 packets log prefix "pacs-{hook} " group {LOG_GROUP}'
    refused = f"counter name undeclared_{hook} {_verdict(mode)}"
    # In the midst of a connection it isn't known who began it, so there is nothing to remember.
    yield f"tcp flags & (fin | syn | rst | ack) != syn {refused}"
    for version, ip, _address, _icmp in FAMILIES:
        yield (
            f"meta nfproto ipv{version} meta l4proto {{ tcp, udp }} "
            f"update @undeclared{version} {{ {flow_key(ip)} }} {refused}"
        )
    # A full memory ends the two rules above.
    yield "meta l4proto { tcp, udp } counter name not_remembered"
    yield refused if mode == "watch" else f"counter name undeclared_{hook}"


def _verdict(mode: Mode) -> str:
    return "drop" if mode == "enforce" else "accept"
