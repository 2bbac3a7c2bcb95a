"""The role vpn_tls, in check mode on a host that nobody prepared: it shows what it would do, and does nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sites import remote_site

from playbooks import PlaybookRun, run_playbook

GATEWAY = Path("/etc/openvpn/server"), Path("/etc/pam.d"), Path("/etc/systemd/system"), Path("/var/lib/pacs-hardening")
SERVER: dict[str, Any] = {
    "name": "tests",
    "interface": "tun-tests",
    "identity": "vpn.hospital.example",
    "addresses": ["198.51.100.1"],
    "networks": ["10.1.80.0/24"],
    "users": {"r.smith": {"kind": "person", "addresses": ["10.1.80.10"], "reaches": ["10.1.30.10"]}},
}


def state() -> list[str]:
    """The files of a gateway, of which there are none more afterwards."""
    return sorted(str(path) for folder in GATEWAY if folder.is_dir() for path in folder.rglob("*"))


@pytest.fixture
def play(tmp_path: Path) -> Any:
    inventory = tmp_path / "hosts.yml"
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"edge": here}}}), "utf-8")
    playbook = tmp_path / "play.yml"
    tasks = {"name": "VPN", "hosts": "all", "gather_facts": False, "roles": [{"role": "pacs.hardening.vpn_tls"}]}
    playbook.write_text(yaml.safe_dump([tasks], sort_keys=False), encoding="utf-8")

    def run(**variables: Any) -> PlaybookRun:
        before = state()
        directory = tmp_path / "people"
        given = {"vpn_tls_directory": str(directory), **variables}
        done = run_playbook(playbook, "--check", "--diff", variables=given, inventory=inventory)
        assert state() == before
        assert not directory.exists()
        return done

    return run


def test_a_dry_run_shows_every_line_and_changes_nothing(play: Any) -> None:
    done = play(vpn_tls_server=SERVER)
    assert done.ok, done.output
    for line in (
        "+tls-version-min 1.3",
        "+ccd-exclusive",
        "+local 198.51.100.1",
        "+ifconfig-push 10.1.80.10 255.255.255.0",
        '+push "route 10.1.30.10 255.255.255.255"',
    ):
        assert line in done.output
    said = " ".join(done.output.split())
    assert "certificates/r.smith.crt is missing; have requests/r.smith.csr signed, for a client" in said
    assert "The server does not run yet, it lacks /etc/openvpn/server/tests/server.key" in said
    assert "PRIVATE KEY" not in done.output


def test_users_follow_from_the_site(play: Any) -> None:
    # Dates become text, as they are for a user who writes them in YAML.
    site = yaml.safe_load(yaml.safe_dump(remote_site()).replace("2027-03-01", "'2027-03-01'"))
    site["remote_access"].pop("ipsec")
    for zone in ("branch", "vendor"):
        site["firewalls"]["edge"]["interfaces"].pop(zone)
    site["conduits"] = [one for one in site["conduits"] if not {one["from"], one["to"]} & {"ct9", "hub"}]
    done = play(pacs_site=site, vpn_tls_identity="vpn.hospital.example")
    assert done.ok, done.output
    assert "+ifconfig-ipv6-push fd00:18:80::10/64 fd00:18:80::1" in done.output
    assert '+push "route 198.18.30.10 255.255.255.255"' in done.output


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"pacs_site": {}}, "pacs_site: no site is declared."),
        ({"vpn_tls_server": SERVER, "vpn_tls_directory": ""}, "vpn_tls_directory is ''"),
        (
            {"vpn_tls_server": SERVER, "vpn_tls_pki": "site_ca"},
            "the controller has no collection community.crypto. Install it",
        ),
        (
            {"vpn_tls_server": SERVER, "vpn_tls_pki": "site_ca", "vpn_tls_user_keys": "user"},
            "A request that somebody brings may ask for more than its user may have",
        ),
    ],
)
def test_what_must_not_be_is_refused_before_anything_is_touched(
    play: Any, variables: dict[str, Any], said: str
) -> None:
    done = play(**variables)
    assert not done.ok
    assert done.changed == {"edge": 0}
    assert said in " ".join(done.output.split()), done.output
