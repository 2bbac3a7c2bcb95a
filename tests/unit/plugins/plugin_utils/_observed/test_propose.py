"""A proposed site: from it follows what was seen and recognised, and nothing else."""

from __future__ import annotations

import pytest
from proposals import DAY, DAY_NAMED, HIS1, RIS1, bare, flows, proposed
from seen_flows import CT1, PACS1, STRANGER, WS1, declared, seen, undeclared
from sites import lab_site, remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.own_tries import own_tries
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import ObservedError
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.propose import propose, usable_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError


class TestTheLab:
    """A clinical day, seen by a firewall whose site is declared in part."""

    def test_devices_without_workflows(self) -> None:
        proposal, _text = proposed(bare("devices"), DAY)
        assert flows(proposal) == DAY_NAMED
        assert proposal.site["workflows"] == [
            {"modalities": ["ct1"], "archive": "pacs1", "order_filler": "ris1", "displays": ["ws1"]}
        ]
        (conduit,) = proposal.site["conduits"]
        assert conduit["reason"] == "looks like placer order (RAD-2); seen once"
        assert proposal.site["devices"] == lab_site()["devices"]
        assert proposal.new_devices == []

    def test_what_the_compliance_report_tried_itself_is_left_out_and_told(self) -> None:
        usable = usable_site(lab_site())
        tries = own_tries(compile_site(usable.document))
        views = views_of(usable.site, {"core": seen(undeclared=[*DAY, undeclared(PACS1, RIS1, 22)]), "edge": seen()})
        proposal = propose(usable, views, (), tries)
        assert "pacs1 -> ris1:22 tcp" not in flows(proposal)
        assert proposal.notes == [
            "Left out, being what the compliance report tries itself: pacs1 -> ris1:22 tcp. "
            "Declare it if somebody needs it."
        ]
        assert "pacs1 -> ris1:22 tcp" in flows(propose(usable, views, ())), "else it would be proposed"

    def test_the_whole_workflow_where_all_of_it_was_seen(self) -> None:
        proposal, _text = proposed(bare("devices"), [*DAY, undeclared(RIS1, HIS1, 2575)])
        assert proposal.site["workflows"][0]["order_placer"] == "his1"
        assert "conduits" not in proposal.site

    def test_nothing_but_zones_and_firewalls(self) -> None:
        proposal, text = proposed(bare(), DAY)
        assert proposal.site["workflows"] == [
            {
                "modalities": ["modality-11"],
                "archive": "pacs-10",
                "order_filler": "ris-10",
                "order_placer": "his-10",
                "displays": ["reading-21"],
            }
        ]
        assert proposal.site["devices"]["modality-11"] == {
            "zone": "modality",
            "addresses": [CT1],
            "probe": "passive",
            "actors": ["acquisition_modality"],
            "application_entities": [{"title": "MODALITY-11", "connections": [{"port": 11112}]}],
        }
        assert "connections: [{port: 11112}]}]  # title to be confirmed" in text
        assert len(flows(proposal)) == len(DAY)

    def test_a_workflow_that_is_declared_and_was_seen_stays_as_it_is(self) -> None:
        site = lab_site()
        proposal, _text = proposed(site, [*DAY, undeclared(RIS1, HIS1, 2575)])
        assert proposal.site == site
        assert proposal.unused == []

    def test_declared_flows_that_were_used_count_as_seen(self) -> None:
        uses = [declared(row["source"], row["destination"], row["port"], "") for row in DAY]
        proposal, text = proposed(lab_site(), declared=uses)
        assert flows(proposal) == DAY_NAMED
        assert proposal.unused == ["ris1 -> his1:2575 tcp, RAD-3 filler order"]
        assert "# Declared so far, not seen, and so not proposed:\n#   ris1 -> his1:2575 tcp, RAD-3" in text

    def test_a_wrong_workflow_is_replaced(self) -> None:
        site = bare("devices")
        site["workflows"] = [{"modalities": ["ws1"], "archive": "pacs1", "displays": ["ct1"]}]
        assert flows(proposed(site, DAY)[0]) == DAY_NAMED

    def test_a_faulty_workflow_is_no_hindrance_and_is_told(self) -> None:
        site = bare("devices")
        site["workflows"] = [{"modalities": ["ct9"], "archive": "pacs1"}]
        proposal, text = proposed(site, DAY)
        assert flows(proposal) == DAY_NAMED
        assert "no device is named 'ct9'" in text

    def test_a_fault_elsewhere_is_one(self) -> None:
        site = bare("devices")
        site["devices"]["ct1"]["zone"] = "modalty"
        with pytest.raises(SiteError, match="Did you mean 'modality'"):
            proposed(site, DAY)


class TestWorkflowsOpenNothing:
    """A workflow stands only where all that follows from it was seen."""

    def test_a_modality_that_got_no_commitment_yet(self) -> None:
        proposal, _text = proposed(bare("devices"), [DAY[0]])
        assert "workflows" not in proposal.site
        assert proposal.site["conduits"] == [
            {
                "from": "ct1",
                "to": "pacs1",
                "protocol": "tcp",
                "ports": [11112],
                "reason": "looks like images stored (RAD-8), storage commitment request (RAD-10); seen 9 times",
            }
        ]

    def test_a_second_port_of_the_archive_that_only_one_uses(self) -> None:
        odd = undeclared("198.18.20.12", PACS1, 104)
        proposal, _text = proposed(bare(), [*DAY, odd])
        assert proposal.site["devices"]["pacs-10"]["application_entities"][0]["connections"] == [{"port": 11112}]
        assert proposal.site["workflows"][0]["modalities"] == ["modality-11"]
        assert [(one["from"], one["ports"]) for one in proposal.site["conduits"]] == [("modality-12", [104])]

    def test_a_second_port_that_all_use(self) -> None:
        tls = [undeclared(CT1, PACS1, 2762), undeclared(WS1, PACS1, 2762)]
        proposal, _text = proposed(bare(), [*DAY, *tls])
        assert proposal.site["devices"]["pacs-10"]["application_entities"][0]["connections"] == [
            {"port": 2762, "tls": True},
            {"port": 11112},
        ]
        assert "conduits" not in proposal.site

    def test_two_archives_and_two_modalities_each(self) -> None:
        other = "198.18.30.11"
        more = [("198.18.20.12", PACS1), ("198.18.20.13", other), ("198.18.20.14", other)]
        rows = [undeclared(*ends, 11112) for pair in more for ends in (pair, pair[::-1])]
        proposal, _text = proposed(bare(), [*DAY, *rows])
        assert [(one["archive"], one["modalities"]) for one in proposal.site["workflows"]] == [
            ("pacs-10", ["modality-11"]),
            ("pacs-10", ["modality-12"]),
            ("pacs-11", ["modality-13", "modality-14"]),
        ]

    def test_without_names_the_shape_of_the_connections_tells_the_archive(self) -> None:
        site = bare()
        for old, new in {"modality": "a", "pacs": "b", "ris": "c", "his": "d", "reading": "e"}.items():
            site["zones"][new] = site["zones"].pop(old)
            site["firewalls"]["core"]["interfaces"][new] = site["firewalls"]["core"]["interfaces"].pop(old)
        proposal, _text = proposed(site, DAY)
        assert proposal.site["workflows"] == [
            {"modalities": ["a-11"], "archive": "b-10", "order_filler": "c-10", "order_placer": "d-10"}
        ]
        assert len(flows(proposal)) == len(DAY), "a viewer can't be told from a modality: conduits"

    def test_two_devices_of_one_title_are_no_workflow(self) -> None:
        site = bare("devices")
        site["devices"]["ct2"] = {**site["devices"]["ct1"], "addresses": ["198.18.20.12"]}
        rows = [undeclared(*ends, 11112) for ends in (("198.18.20.12", PACS1), (PACS1, "198.18.20.12"))]
        proposal, _text = proposed(site, [*DAY, *rows])
        assert proposal.site["workflows"][0]["modalities"] == ["ct1"]
        assert {"ct2 -> pacs1:11112 tcp", "pacs1 -> ct2:11112 tcp"} < flows(proposal)


class TestServices:
    """What is proposed beside images and orders, and what isn't."""

    def test_known_services_by_name_where_the_name_means_no_more(self) -> None:
        rows = [
            undeclared(WS1, PACS1, 443, count=5),
            undeclared("198.18.60.22", PACS1, 443, count=2),
            undeclared(WS1, PACS1, 53),
            undeclared("198.18.0.10", CT1, 22),
            undeclared(CT1, "198.18.20.254", 123, protocol="udp"),
        ]
        proposal, _text = proposed(bare("devices"), rows, own_addresses=["198.18.20.254"])
        conduits = {(str(one["from"]), one["to"]): one for one in proposal.site["conduits"]}
        viewer = conduits["['reading-22', 'ws1']", "pacs1"]
        assert (viewer["service"], viewer["reason"]) == (
            "https",
            "HTTPS, DICOMweb over TLS; seen 7 times from 2 devices",
        )
        assert conduits["ws1", "pacs1"]["ports"] == [53], "the service dns would open udp, too"
        assert conduits["ops1", "ct1"]["service"] == "ssh", "ct1 isn't managed, so nothing permits that by itself"
        assert conduits["ct1", "core"]["service"] == "ntp"

    def test_administration_is_not_declared_one_by_one(self) -> None:
        rows = [undeclared("198.18.0.10", PACS1, 22), undeclared("198.18.0.9", "198.18.0.14", 22)]
        proposal, _text = proposed(bare("devices"), [*rows, *DAY])
        assert proposal.management == 2
        assert flows(proposal) == DAY_NAMED

    def test_what_people_must_judge_is_listed_with_counts_and_reasons(self) -> None:
        rows = [
            undeclared(STRANGER, PACS1, 4444, count=3),
            undeclared("203.0.113.9", PACS1, 443, count=7),
            undeclared(WS1, "203.0.113.9", 443, count=70),
            undeclared(CT1, "198.18.20.12", 445),
            undeclared("198.18.1.14", PACS1, 443),
        ]
        rows += [undeclared("198.18.60.50", PACS1, port, count=1) for port in range(1, 1200)]
        proposal, text = proposed(bare("devices"), [*DAY, *rows])
        assert flows(proposal) == {*DAY_NAMED, "edge -> pacs1:443 tcp"}
        for line in (
            "# Looks like a scan: many ports or many destinations, each tried a few times:\n"
            "#   198.18.60.50 (reading): 1199 flows to 1 destination, 1199 ports, 1199 times in all",
            "# No known service:\n#   198.18.20.77 (modality) -> pacs1:4444 tcp, 3 times, last 3 min ago",
            "#   203.0.113.9 (external) -> pacs1:443 tcp, 7 times",
            "#   ws1 -> 203.0.113.9 (external):443 tcp, 70 times",
            "#   ct1 -> 198.18.20.12 (modality):445 tcp, 12 times",
        ):
            assert line in text
        assert "198.18.60.50" not in text.partition("Seen, and not proposed")[0]

    def test_an_archive_that_answers_many_modalities_is_no_scan(self) -> None:
        modalities = [f"198.18.20.{number}" for number in range(100, 130)]
        rows = [undeclared(*ends, 104, count=1) for it in modalities for ends in ((it, PACS1), (PACS1, it))]
        proposal, _text = proposed(bare(), rows)
        assert len(proposal.site["workflows"][0]["modalities"]) == 30
        assert proposal.doubtful == []
        scan = [undeclared(STRANGER, it, 104, count=1) for it in modalities]
        assert len(proposed(bare(), [*rows, *scan])[0].doubtful) == 30

    def test_a_port_that_is_no_registered_one_needs_a_declaration(self) -> None:
        rows = [undeclared(CT1, PACS1, 4006)]
        with_port = bare("devices")
        with_port["devices"]["pacs1"]["application_entities"][0]["connections"].append({"port": 4006})
        assert proposed(bare("devices"), [*DAY, *rows])[0].doubtful[0].doubt == "unknown service"
        assert "ct1 -> pacs1:4006 tcp" in flows(proposed(with_port, [*DAY, *rows])[0])

    def test_an_address_of_a_firewall_that_the_site_does_not_know(self) -> None:
        site = bare("devices")
        row = undeclared("198.18.1.99", PACS1, 443)
        proposal, _text = proposed(site, [*DAY, row], own_addresses=["198.18.1.99"])
        assert [one.doubt for one in proposal.doubtful] == ["address"]


class TestConduitsSoFar:
    """What somebody declared keeps its words."""

    def test_a_used_conduit_stays_and_an_unused_one_is_told(self) -> None:
        site = bare("devices")
        kept = {"from": ["ws1", "his1"], "to": "pacs1", "service": "https", "reason": "web viewer"}
        site["conduits"] = [kept, {"from": "ris1", "to": "pacs1", "service": "hl7_mllp", "reason": "order messages"}]
        proposal, _text = proposed(site, [undeclared(WS1, PACS1, 443), undeclared(HIS1, PACS1, 443)])
        assert proposal.site["conduits"] == [kept]
        assert proposal.unused == ["ris1 -> pacs1:2575 tcp, conduit order messages"]

    def test_a_conduit_of_which_half_was_used_is_halved_with_its_reason(self) -> None:
        site = bare("devices")
        site["conduits"] = [{"from": ["ws1", "his1"], "to": "pacs1", "service": "https", "reason": "web viewer"}]
        proposal, _text = proposed(site, [undeclared(WS1, PACS1, 443)])
        assert proposal.site["conduits"] == [{"from": "ws1", "to": "pacs1", "service": "https", "reason": "web viewer"}]
        assert proposal.unused == ["his1 -> pacs1:443 tcp, conduit web viewer"]

    def test_a_conduit_of_a_zone_stays_where_somebody_of_the_zone_used_it(self) -> None:
        site = bare("devices")
        site["conduits"] = [{"from": ["reading", "his"], "to": "pacs1", "service": "https", "reason": "web viewer"}]
        whole = {**site["conduits"][0], "from": "reading", "protocol": "tcp", "ports": [443]}
        del whole["service"]
        note = "reading -> pacs1: conduit web viewer"
        use = declared("198.18.60.0/24", PACS1, 443, note, kind="range4")
        proposal, _text = proposed(site, declared=[use])
        assert proposal.site["conduits"] == [whole]
        assert proposal.unused == ["his -> pacs1:443 tcp, conduit web viewer"]
        proposal, _text = proposed(site, [undeclared("198.18.60.77", PACS1, 443)])
        assert proposal.site["conduits"] == [whole]
        assert proposal.new_devices == [], "its zone speaks for it"

    def test_a_ping_stays_where_it_was_used(self) -> None:
        site = bare("devices")
        site["conduits"] = [{"from": "management", "to": "ct1", "service": "ping", "reason": "monitoring"}]
        use = {"set": "ping4_from_a_to_b", "key": ["198.18.0.0/28", CT1, "echo-request"], "count": 1}
        proposal, _text = proposed(site, declared=[{**use, "note": "management -> ct1: conduit monitoring"}])
        assert proposal.site["conduits"] == site["conduits"]
        assert proposed(site, DAY)[0].unused == ["management -> ct1 icmp, conduit monitoring"]


def test_where_nothing_was_seen_nothing_is_proposed() -> None:
    with pytest.raises(ObservedError, match=r"Nothing was seen yet.*firewall_mode: watch"):
        proposed(lab_site())


def test_the_same_again_gives_the_same() -> None:
    proposal, text = proposed(bare(), DAY)
    again, text_again = proposed(bare(), reversed(DAY))
    assert (again.site, text_again) == (proposal.site, text)


def test_a_proposal_is_its_own_proposal() -> None:
    rows = [*DAY, undeclared(WS1, PACS1, 443), undeclared("198.18.20.12", PACS1, 104)]
    proposal, _text = proposed(bare(), rows)
    assert proposed(proposal.site, rows)[0].site == proposal.site


class TestRemoteAccess:
    """What was decided about vendors and tunnels isn't put in question by what was seen."""

    def test_it_stays_and_a_vendors_visit_makes_no_standing_conduit(self) -> None:
        site = plain(remote_site())
        proposal, _text = proposed(site, [*DAY, undeclared("198.18.80.20", CT1, 22, count=3)])
        assert proposal.site["remote_access"] == site["remote_access"]
        assert [conduit for conduit in proposal.site["conduits"] if "kind" in conduit] == site["conduits"][2:]
        assert not [text for text in flows(proposal) if text.startswith("vendor1")]
        assert not [text for text in proposal.unused if "vpn" in text or "telemetry" in text]

    def test_another_port_of_the_vendor_is_proposed(self) -> None:
        proposal, _text = proposed(plain(remote_site()), [*DAY, undeclared("198.18.80.20", CT1, 443)])
        assert "vendor1 -> ct1:443 tcp" in flows(proposal)
