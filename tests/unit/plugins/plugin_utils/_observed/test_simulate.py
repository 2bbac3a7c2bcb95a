"""What a changed site would cut of what was seen: found before anything is applied."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from captures import RAW, SYN, SYN_ACK, pcap, tcp
from seen_flows import CT1, PACS1, STRANGER, WS1, declared, seen, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import SeenFile, read_seen_file
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sentences import simulated_lines
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.simulate import Threshold, simulate
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

NOW = datetime(2026, 11, 27, 5, tzinfo=UTC)
DAY = [undeclared(CT1, PACS1, 11112, count=9), undeclared(PACS1, CT1, 11112, count=3, idle=7300)]
ANSWER = "pacs1 -> ct1:11112 tcp, 3 times, last 2 h ago: looks like storage commitment result (RAD-10)"


def without_the_answer() -> dict[str, Any]:
    """The lab's site, as somebody writes it who forgets that the archive calls back."""
    site = lab_site()
    site["workflows"] = []
    site["conduits"] = [
        {"from": "ct1", "to": "pacs1", "service": "dicom", "reason": "images"},
        {"from": "ct1", "to": "ris1", "service": "dicom", "reason": "worklist"},
    ]
    return site


def simulated(
    site: dict[str, Any], *files: SeenFile, threshold: Threshold | None = None, **firewalls: Any
) -> tuple[dict[str, Any], str]:
    compiled = compile_site(site)
    views = {name: view for name, view in views_of(compiled.site, firewalls).items() if name in firewalls}
    document = simulate(compiled, views, files, threshold or Threshold(), NOW)
    return document, "\n".join(simulated_lines(document))


def test_a_forgotten_reverse_connection_is_found() -> None:
    document, text = simulated(without_the_answer(), core=seen(undeclared=DAY))
    assert (document["verdict"], document["affected"]) == ("cuts", ["pacs1", "ct1"])
    assert "core would cut 1 of the 2 flows seen there:\n    " + ANSWER in text
    assert text.endswith("NOT SAFE TO ENFORCE. It would hurt: pacs1, ct1.")


def test_the_whole_site_cuts_nothing() -> None:
    document, text = simulated(lab_site(), core=seen(undeclared=DAY))
    assert (document["verdict"], document["affected"]) == ("safe", [])
    assert "core would cut none of the 2 flows seen there." in text
    assert text.endswith("Nothing that was seen of declared devices would be cut.")


def test_flows_that_the_rules_in_force_declare_and_that_were_used_count_as_seen() -> None:
    used = [declared(PACS1, CT1, 11112, "pacs1 -> ct1: RAD-10")]
    document, text = simulated(without_the_answer(), core=seen(declared=used))
    assert document["verdict"] == "cuts"
    assert "storage commitment result (RAD-10); declared so far" in text


def test_a_device_that_vanished_from_the_site_is_missed() -> None:
    site = lab_site()
    site["workflows"] = []
    for name in ("ct1", "pacs1"):
        del site["devices"][name]
    document, text = simulated(site, core=seen(declared=[declared(CT1, PACS1, 11112, "ct1 -> pacs1: RAD-8")]))
    assert document["affected"] == [CT1]
    assert "198.18.20.11 (modality) -> 198.18.30.10 (pacs):11112 tcp, 3 times" in text


def test_a_range_that_was_used_and_is_declared_no_more() -> None:
    use = declared("198.18.60.0/24", PACS1, 443, "reading -> pacs1: conduit viewer", kind="range4")
    document, text = simulated(lab_site(), core=seen(declared=[use]))
    assert document["affected"] == ["reading -> pacs1: conduit viewer"]
    assert "reading -> pacs1: conduit viewer, 3 times: declared so far, and not (wholly) any more" in text
    site = lab_site()
    site["conduits"] = [{"from": "reading", "to": "pacs1", "service": "https", "reason": "viewer"}]
    assert simulated(site, core=seen(declared=[use]))[0]["verdict"] == "safe"
    narrower = {**use, "key": [WS1, PACS1, "tcp", "443"]}
    assert simulated(site, core=seen(declared=[narrower]))[0]["verdict"] == "safe"


def test_administration_and_pings_that_were_used() -> None:
    uses = [
        {"set": "admit4", "key": ["mgmt0", "198.18.0.0/28", "tcp", "22"], "note": "management -> core", "count": 7},
        {"set": "admit6_any", "key": ["fd00:18::/64", "tcp", "22"], "note": "management -> core", "count": 7},
        {"set": "ping4_from_a_to_b", "key": ["198.18.0.0/28", CT1, "echo-request"], "note": "ping", "count": 1},
        {"set": "ping4", "key": ["mgmt0", "198.18.0.0/28", "echo-request"], "note": "ping core", "count": 1},
    ]
    document, _text = simulated(lab_site(), core=seen(declared=uses))
    assert document["affected"] == ["ping", "ping core"]
    site = lab_site()
    site["conduits"] = [{"from": "management", "to": ["ct1", "core"], "service": "ping", "reason": "monitoring"}]
    assert simulated(site, core=seen(declared=uses))[0]["verdict"] == "safe"


def test_open_connections_count_whichever_end_opened_them() -> None:
    row = {"source": PACS1, "destination": CT1, "protocol": "tcp", "port": 40001, "count": 1, "source_port": 11112}
    document, _text = simulated(lab_site(), core=seen(connections=[row], connections_reason=None))
    assert (document["verdict"], document["firewalls"][0]["seen"]) == ("safe", 1)
    document, text = simulated(
        lab_site(), core=seen(connections=[{**row, "source_port": 4444}], connections_reason=None)
    )
    assert document["verdict"] == "cuts"
    assert "pacs1 -> ct1:40001 tcp, once: no known service" in text


class TestThreshold:
    """What makes the playbook fail."""

    def test_few_attempts_may_be_passed_over(self) -> None:
        for attempts, verdict in ((3, "cuts"), (4, "safe"), (0, "safe")):
            found = simulated(without_the_answer(), core=seen(undeclared=DAY), threshold=Threshold(attempts))
            assert found[0]["verdict"] == verdict
            assert ANSWER in found[1], "it is told all the same"

    def test_a_device_may_be_given_up_by_name(self) -> None:
        for name, verdict in (("pacs1", "safe"), ("ct1", "cuts")):
            threshold = Threshold(despite=frozenset({name}))
            assert (
                simulated(without_the_answer(), core=seen(undeclared=DAY), threshold=threshold)[0]["verdict"] == verdict
            )

    def test_strangers_hurt_nobody_that_is_declared(self) -> None:
        document, text = simulated(lab_site(), core=seen(undeclared=[undeclared(STRANGER, "198.18.60.99", 445)]))
        assert document["verdict"] == "safe"
        assert "Nothing that was seen of declared devices would be cut. What would be cut is listed above." in text


class TestNotKnown:
    """What nobody could see is no reason to say that all is well."""

    def test_a_firewall_that_was_not_read(self) -> None:
        document, text = simulated(lab_site(), core=seen(undeclared=DAY), edge={"unreachable": True, "msg": "down"})
        assert (document["verdict"], document["unread"]) == ("unknown", ["edge"])
        assert "edge WASN'T READ, so what it has seen isn't known: down" in text
        assert text.endswith("NOT KNOWN whether this site is safe to enforce: edge wasn't read.")

    def test_nothing_was_seen(self) -> None:
        for view in (None, seen(), seen("none", mode_reason="no table")):
            document, text = simulated(lab_site(), core=view) if view else simulated(lab_site())
            assert document["verdict"] == "unknown"
            assert text.endswith("nothing was seen yet.")

    def test_a_full_memory_is_told(self) -> None:
        _document, text = simulated(lab_site(), core=seen(undeclared=DAY, full=True, not_remembered=3))
        assert "core: its memory was full, so that what it has seen is not all." in text


def test_a_capture_is_held_against_every_firewall_on_the_way() -> None:
    packets = [
        tcp(PACS1, 40000, CT1, 11112, SYN),
        tcp(CT1, 11112, PACS1, 40000, SYN_ACK),
        tcp("203.0.113.9", 40000, PACS1, 443, SYN),
        tcp(CT1, 40000, "198.18.20.12", 445, SYN),
    ]
    file = read_seen_file("day.pcap", pcap(packets, link=RAW))
    document, text = simulated(without_the_answer(), file)
    cut = {row["firewall"]: [one["port"] for one in row["cut"]] for row in document["firewalls"]}
    assert cut == {"core": [11112, 443], "edge": [443]}, "within one zone nothing is cut"
    assert "  day.pcap: 4 packets\n" in text
    assert "WASN'T READ" not in text, "nobody asked the firewalls"
