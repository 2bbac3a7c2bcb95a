"""Which connections are cut, and what the tool says about it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.connections import Tracked, counted, tracked
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def row(**changed: Any) -> dict[str, Any]:
    return {"source": "198.18.20.11", "destination": "198.18.30.10", "protocol": "tcp", "port": 104} | changed


def test_both_families_hosts_and_networks() -> None:
    six = row(source="fd00:18:20::/64", destination="fd00:18:30::10", protocol="udp")
    first, second = tracked([row(), row(), six])
    assert first == Tracked("198.18.20.11", "198.18.30.10", "tcp", 104, 4), "each once"
    assert first.filters() == ["-f", "ipv4", "-p", "tcp", "-s", "198.18.20.11", "-d", "198.18.30.10", "--dport", "104"]
    assert second.filters()[:6] == ["-f", "ipv6", "-p", "udp", "-s", "fd00:18:20::/64"]
    assert str(first) == "198.18.20.11 -> 198.18.30.10 tcp/104"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (row(source="ct1"), "connections[1]: 'ct1' does not appear to be"),
        (row(source="-D"), "connections[1]: '-D' does not"),
        (row(source="fd00::1"), "different IP versions"),
        (row(source="198.18.20.11/24"), "has host bits set"),
        (row(port=0), "0 is not a port"),
        (row(port=70000), "70000 is not a port"),
    ],
)
def test_every_wrong_row_is_named(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(HardeningError) as caught:
        tracked([row(), wrong, row(port=-1)])
    assert (
        why in str(caught.value)
        and "connections[2]: -1" in str(caught.value)
        and "nothing was cut" in str(caught.value)
    )


def test_the_count() -> None:
    assert counted("conntrack v1.4.7 (conntrack-tools): 3 flow entries have been deleted.\n") == 3
    assert counted("conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n") == 0
    assert counted("Operation failed: such conntrack doesn't exist") is None
