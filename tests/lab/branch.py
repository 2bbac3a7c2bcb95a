"""A branch at the other end of an IPsec tunnel, its gateway and its scanner, both played by the node outsider.

Its configuration is written by hand, as another maker's would be: nothing of it comes from the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import authority, nodes
from lab.probes import FAMILIES

NODE = "outsider"
_CONFIGURATION = """
connections {{
  hospital {{
    version = 2
    local_addrs = {here}
    remote_addrs = {there}
    mobike = no
    encap = yes
    proposals = aes256gcm16-prfsha384-ecp384
    local {{ auth = pubkey
      certs = branch.crt
      id = {identity} }}
    remote {{ auth = pubkey
      cacerts = ca.crt
      id = {peer} }}
    children {{
      v4 {{ local_ts = 198.18.90.0/24
        remote_ts = 198.18.0.0/18
        esp_proposals = aes256gcm16-ecp384 }}
      v6 {{ local_ts = fd00:18:90::/64
        remote_ts = fd00:18::/42
        esp_proposals = aes256gcm16-ecp384 }}
    }}
  }}
}}
"""
# The ESP is strongSwan's own: it needs no kernel that has one.
_SETTINGS = "charon-systemd { plugins { kernel-libipsec { load = yes } } }\n"


@contextmanager
def joined(site: Mapping[str, Any], handed: Path) -> Iterator[bool]:
    """The branch with its tunnel, as the site declares it; gives whether both halves came up. Leaves nothing behind.

    ``handed``: the directory of the gateway's role on the controller, which holds the authority's certificate.
    """
    tunnel, scanner = site["remote_access"]["ipsec"]["branch"], site["devices"]["ct9"]
    here = tunnel["peer"]["addresses"]
    certificate, key = authority.issue(tunnel["peer"]["identity"])
    text = _CONFIGURATION.format(
        here=", ".join(here),
        there=", ".join(tunnel["local"]["addresses"]),
        identity=tunnel["peer"]["identity"],
        peer=tunnel["local"]["identity"],
    )
    nodes.write_file(NODE, "/etc/swanctl/conf.d/hospital.conf", text)
    nodes.write_file(NODE, "/etc/strongswan.d/hospital.conf", _SETTINGS)
    nodes.write_file(NODE, "/etc/swanctl/x509/branch.crt", certificate)
    nodes.write_file(NODE, "/etc/swanctl/private/branch.key", key, 0o600)
    nodes.write_file(NODE, "/etc/swanctl/x509ca/ca.crt", (handed / "ca.crt").read_text(encoding="utf-8"))
    addresses = [*here, *scanner["addresses"]]
    for address in addresses:
        more = ["nodad"] if ":" in address else []
        nodes.run(NODE, ["/bin/ip", "address", "add", address, "dev", "lan0", *more], check=True)
    try:
        nodes.run(NODE, ["/bin/systemctl", "start", "strongswan"], check=True)
        done = [
            nodes.run(NODE, ["/usr/sbin/swanctl", "--initiate", "--child", f"v{version}", "--timeout", "15"])
            for version in FAMILIES
        ]
        yield all(one.returncode == 0 for one in done)
    finally:
        part()
        for address in addresses:
            nodes.run(NODE, ["/bin/ip", "address", "del", address, "dev", "lan0"], check=True)
        paths = ["conf.d/hospital.conf", "x509/branch.crt", "private/branch.key", "x509ca/ca.crt"]
        words = ["/bin/rm", "-f", "/etc/strongswan.d/hospital.conf", *(f"/etc/swanctl/{path}" for path in paths)]
        nodes.run(NODE, words, check=True)


def part() -> None:
    """Without its gateway: what the branch sends now goes in clear."""
    nodes.run(NODE, ["/bin/systemctl", "stop", "strongswan"], check=True)


def reaches(source: str, address: str, port: int) -> bool:
    """Whether the branch's scanner gets a TCP connection to there."""
    return nodes.run(NODE, ["/bin/nc", "-z", "-w", "2", "-s", source, address, str(port)]).returncode == 0
