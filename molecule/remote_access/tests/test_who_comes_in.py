"""A reader at home reaches the archive and nothing else, a vendor nothing, a branch's scanner the archive; outside the
tunnels nothing is open.
"""

from __future__ import annotations

import pytest
from sites import lab_remote_site

from lab import branch, laptop, nodes, probes, state, workflows
from lab.topology import topology
from playbooks import WITH_REMOTE_ACCESS, run_playbook

PEOPLE, TUNNELS = state.REMOTE_ACCESS / "tls" / "people", state.REMOTE_ACCESS / "ipsec"
GATEWAY = dict(zip(probes.FAMILIES, lab_remote_site()["remote_access"]["tls"]["people"]["addresses"], strict=True))
KNOCK = """
import socket, sys
for port in sys.argv[3:]:
    with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as knock:
        knock.bind((sys.argv[1], 0))
        knock.sendto(b"?", (sys.argv[2], int(port)))
"""
STUDY = [name for name in workflows.dicom_files() if "/98892001/CT5N/" in name]


def test_a_radiologist_at_home_reads_one_study_and_everything_else_is_shut() -> None:
    reader = lab_remote_site()["devices"]["reader1"]
    title = reader["application_entities"][0]["title"]
    workflows.let_read(title, reader["addresses"][0])
    stored = workflows.store_images(STUDY)
    assert stored.ok and len(STUDY) > 3
    visited = laptop.visit(PEOPLE, "r.smith", title, stored.instances)
    assert visited.faults == []
    assert list(visited.connection.addresses) == reader["addresses"]
    assert len(visited.of("shut")) > 20
    assert ("198.18.1.14", 22) in visited.remembered, "ssh of the gateway itself"


def test_a_vendor_gets_in_and_reaches_nothing_outside_its_window() -> None:
    wanted = (*laptop.archive(), *laptop.everything_else())
    with laptop.carrying(PEOPLE, "acme"):
        connection = laptop.connect("acme")
        assert connection.ok, connection.detail
        assert list(connection.addresses) == lab_remote_site()["devices"]["vendor1"]["addresses"]
        results = laptop.try_inside(wanted)
        # Its scanner's door is there, and closed; the edge counts who knocks and remembers the rest.
        door = {(topology().node("ct1").address(family), 22) for family in probes.FAMILIES}
        remembered = laptop.refused(connection.addresses)
        assert {(probe.address, probe.port) for probe in wanted} - door <= remembered
        assert not door & remembered and knocked() >= len(door)
    assert {str(result.probe): result.outcome for result in results if result.outcome not in probes.SHUT} == {}


def knocked() -> int:
    """Packets of interventions outside their windows."""
    words = ["/usr/sbin/nft", "list", "counter", "inet", "pacs", "closed_interventions"]
    listed = nodes.run("edge", words, check=True).stdout.split()
    return int(listed[listed.index("packets") + 1])


def test_without_a_tunnel_nothing_is_open_from_outside_but_the_way_into_one() -> None:
    rows = [probe for probe in probes.matrix() if probe.source == "outsider"]
    assert {probe.expected for probe in rows} == {"shut"}
    assert [str(result.probe) for result in probes.run(rows) if not result.as_expected] == []
    for family in probes.FAMILIES:
        assert let_in(topology().node("outsider").address(family), GATEWAY[family]) == {1194}


def let_in(source: str, address: str) -> set[int]:
    """Of the UDP ports tried from there those that the edge does not remember to have refused."""
    tried = {53, 500, 1194, 1195, 4500}
    words = ["/usr/bin/python3", "-c", KNOCK, source, address, *map(str, tried)]
    nodes.run("outsider", words, check=True)
    refused = {port for where, port in laptop.refused([source]) if where == address}
    assert refused & {53, 1195}, "the control: what was tried did arrive"
    return tried - refused


def test_a_branch_comes_in_through_its_tunnel_alone() -> None:
    site, lab = lab_remote_site(), topology()
    scanner = dict(zip(probes.FAMILIES, site["devices"]["ct9"]["addresses"], strict=True))
    with branch.joined(site, TUNNELS) as up:
        assert up, nodes.run("edge", ["/bin/journalctl", "-u", "strongswan", "-n", "30"]).stdout
        for family, source in scanner.items():
            assert branch.reaches(source, lab.node("pacs1").address(family), 11112)
            for target, port in (("pacs1", 22), ("ris1", 11112), ("edge", 22)):
                assert not branch.reaches(source, lab.node(target).address(family), port)
        for family, peer in zip(
            probes.FAMILIES, site["remote_access"]["ipsec"]["branch"]["peer"]["addresses"], strict=True
        ):
            assert let_in(peer, GATEWAY[family]) == {500, 1194, 4500}
        before = stopped_by_the_guard()
        nodes.run("edge", ["/bin/systemctl", "stop", "strongswan"], check=True)
        try:
            branch.part()
            for family, source in scanner.items():
                assert not branch.reaches(source, lab.node("pacs1").address(family), 11112)
        finally:
            nodes.run("edge", ["/bin/systemctl", "start", "strongswan"], check=True)
        assert stopped_by_the_guard() >= before + len(scanner), "in clear it did arrive at the edge"


def stopped_by_the_guard() -> int:
    """Packets from the branch that no tunnel brought."""
    chain = nodes.run(
        "edge", ["/usr/sbin/nft", "list", "chain", "inet", "pacs_vpn_guard", "through"], check=True
    ).stdout
    rows = [line.split() for line in chain.splitlines() if "saddr" in line]
    return sum(int(row[row.index("packets") + 1]) for row in rows)


@pytest.mark.parametrize("unit", ["openvpn-server@people", "strongswan"])
def test_both_gateways_run_and_come_back_at_boot(unit: str) -> None:
    for verb in ("is-active", "is-enabled"):
        assert nodes.run("edge", ["/bin/systemctl", verb, unit]).returncode == 0


def test_a_run_without_certificates_hardens_all_the_same() -> None:
    """The run after the certificates are gone from the controller: it says so, and the gateways go on as they are."""
    kept = {path: path.read_bytes() for path in (TUNNELS).glob("*.crt")}
    for path in kept:
        path.unlink()
    try:
        done = run_playbook("pacs.hardening.site", *WITH_REMOTE_ACCESS)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert done.ok and not any(done.changed.values()), done.output
    assert nodes.run("edge", ["/bin/systemctl", "is-active", "strongswan"]).returncode == 0
