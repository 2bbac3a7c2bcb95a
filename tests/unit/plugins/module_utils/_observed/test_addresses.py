"""The host's own addresses, from what the kernel says about its routes."""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._observed.addresses import own_addresses

TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     +-- 198.18.0.0/28 2 0 2
        |-- 198.18.0.0
           /28 link UNICAST
        |-- 198.18.0.14
           /32 link UNICAST
           /32 host LOCAL
        |-- 198.18.0.15
           /32 link BROADCAST
     |-- 169.254.0.1
        /32 host LOCAL
Local:
     |-- 198.18.0.14
        /32 host LOCAL
     |-- 10.0.0.1
        /32 host LOCAL
"""
INET6 = """fe8000000000000070b6e1fffe1a251b 36 40 20 80  mgmt0
fd0000180000000000000000000000fe 02 40 00 80    mgmt0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_own_addresses_without_loopback_and_link_local() -> None:
    assert own_addresses(TRIE, INET6) == ["10.0.0.1", "198.18.0.14", "fd00:18::fe"]


def test_a_host_without_ipv6() -> None:
    assert own_addresses(TRIE, "") == ["10.0.0.1", "198.18.0.14"]
