# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own addresses, from C(/proc/net/fib_trie) and C(/proc/net/if_inet6): a memory that holds one of them as
destination tells of a connection to the host itself. Private, pure.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

_LEAF, _LOCAL = "|-- ", "/32 host LOCAL"


def own_addresses(fib_trie: str, if_inet6: str) -> list[str]:
    """Sorted, IPv4 first; without those of the loopback interface and of one link only. Raises ValueError on an
    address that the kernel would not write.
    """
    four, leaf = set(), ""
    for line in fib_trie.splitlines():
        text = line.strip()
        if text.startswith(_LEAF):
            leaf = text[len(_LEAF) :]
        elif text == _LOCAL:
            four.add(IPv4Address(leaf))
    six = {IPv6Address(int(line.split()[0], 16)) for line in if_inet6.splitlines() if line.strip()}
    return [
        str(address)
        for addresses in (sorted(four), sorted(six))
        for address in addresses
        if not address.is_loopback and not address.is_link_local
    ]
