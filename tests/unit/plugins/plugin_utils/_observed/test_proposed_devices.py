"""The devices of a proposed site: their names, their AE titles, and what a capture tells of them."""

from __future__ import annotations

import pytest
from captures import DATA, RAW, SYN, SYN_ACK, associate_rq, pcap, tcp
from proposals import DAY, bare, proposed
from seen_flows import CT1, PACS1, undeclared

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import read_seen_file


class TestCaptures:
    """What a capture adds: AE titles, and services on any port."""

    def test_titles_that_were_heard_and_a_port_that_nobody_knows(self) -> None:
        packets = [
            tcp(CT1, 40000, PACS1, 4006, SYN),
            tcp(PACS1, 4006, CT1, 40000, SYN_ACK),
            tcp(CT1, 40000, PACS1, 4006, DATA, associate_rq("ARCHIVE", "CT_ROOM3")),
        ]
        file = read_seen_file("switch.pcap", pcap(packets, link=RAW))
        proposal, text = proposed(bare(), [], file)
        devices = proposal.site["devices"]
        assert devices["pacs-10"]["application_entities"] == [{"title": "ARCHIVE", "connections": [{"port": 4006}]}]
        assert devices["modality-11"]["application_entities"] == [{"title": "CT_ROOM3"}]
        assert "# title heard in a capture, to be confirmed" in text
        assert "#   switch.pcap: 3 packets, 1 flow" in text

    @pytest.mark.parametrize("title", ["{{ 7*7 }}", "{% raw %}", "A#B: C", "'x'", "&a", "*b"])
    def test_a_title_that_could_be_more_than_a_title_is_not_written_down(self, title: str) -> None:
        packets = [tcp(CT1, 40000, PACS1, 104, SYN), tcp(CT1, 40000, PACS1, 104, DATA, associate_rq(title, title))]
        proposal, text = proposed(bare(), [], read_seen_file("x", pcap(packets, link=RAW)))
        assert title not in text
        assert proposal.site["devices"]["pacs-10"]["application_entities"][0]["title"] == "PACS-10"

    def test_nobody_answered_in_a_capture_that_hears_answers(self) -> None:
        packets = [
            tcp(CT1, 40000, PACS1, 104, SYN),
            tcp(PACS1, 104, CT1, 40000, SYN_ACK),
            tcp(CT1, 40001, "198.18.30.99", 104, SYN),
        ]
        proposal, text = proposed(bare(), [], read_seen_file("x", pcap(packets, link=RAW)))
        assert [one.doubt for one in proposal.doubtful] == ["unanswered"]
        assert "# Nobody ever answered:\n#   198.18.20.11 (modality) -> 198.18.30.99 (pacs):104 tcp, once" in text


class TestNames:
    """Names of devices that nobody declared."""

    def test_addresses_of_both_versions_are_devices_of_their_own_and_that_is_said(self) -> None:
        rows = [*DAY, undeclared("fd00:18:20::11", "fd00:18:30::10", 104)]
        proposal, text = proposed(bare(), rows)
        assert {"modality-11", "modality-v6-11", "pacs-10", "pacs-v6-10"} < set(proposal.site["devices"])
        assert "An IPv4 and an IPv6 address of one machine are two devices here" in text
        declared_once, text = proposed(bare("devices"), rows)
        assert declared_once.new_devices == []
        assert "are two devices here" not in text

    def test_a_name_that_is_taken_gets_more_of_the_address(self) -> None:
        site = bare()
        site["zones"]["modality"]["networks"] = ["198.18.20.0/23"]
        site["devices"] = {"modality-13": {"zone": "pacs", "addresses": ["198.18.30.99"]}}
        rows = [undeclared(address, PACS1, 104) for address in ("198.18.20.11", "198.18.21.11", "198.18.20.13")]
        proposal, _text = proposed(site, rows)
        assert proposal.new_devices == ["modality-11", "modality-20-13", "modality-21-11", "pacs-10"]

    def test_made_up_titles_fit_and_differ(self) -> None:
        site = bare()
        long = "intensive-care-modalities-of-the-east-wing"
        site["zones"][long] = site["zones"].pop("modality")
        site["firewalls"]["core"]["interfaces"][long] = "modality0"
        del site["firewalls"]["core"]["interfaces"]["modality"]
        rows = [undeclared(PACS1, f"198.18.20.{number}", 104) for number in (1, 11, 111)]
        proposal, _text = proposed(site, rows)
        titles = [
            device["application_entities"][0]["title"]
            for device in proposal.site["devices"].values()
            if "application_entities" in device
        ]
        assert len(set(titles)) == 3
        assert all(1 <= len(title) <= 16 for title in titles)
