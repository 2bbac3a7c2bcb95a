"""Real images cross the firewall in both directions of the workflow."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sites import lab_site

from lab import nodes, workflows
from playbooks import PlaybookRun, run_playbook


@pytest.fixture(scope="module")
def stored() -> workflows.Stored:
    return workflows.store_images()


def test_transfer_of_200_images_crosses_the_first_enforcement() -> None:
    result = workflows.transfer_result()
    assert result.ok, result
    assert result.sent == 200
    assert result.started < _confirmed_at("core") < (result.finished or 0), "the change fell into the transfer"
    assert workflows.found_in_orthanc(result.uids) == frozenset(result.uids)


def test_images_are_stored_and_found_by_their_uid(stored: workflows.Stored) -> None:
    assert stored.ok, stored.detail
    assert len(stored.uids) == len(workflows.dicom_files()) > 20
    assert workflows.found_in_orthanc(stored.uids) == frozenset(stored.uids)


def test_modality_reads_its_worklist() -> None:
    answer = workflows.read_worklist()
    assert answer.ok, answer.detail
    assert answer.entries


def test_viewer_retrieves_and_receives_the_files(stored: workflows.Stored) -> None:
    got = workflows.retrieve(stored.instances)
    assert got.ok, got.detail
    assert got.uids >= frozenset(stored.uids)


def test_storage_commitment_is_answered_on_a_new_association(stored: workflows.Stored) -> None:
    answer = workflows.commit(stored.instances)
    assert answer.ok, answer.detail
    assert answer.new_association
    assert answer.committed == frozenset(stored.uids)


def test_order_reaches_the_ris() -> None:
    order = workflows.send_order()
    assert order.ok, order.detail
    assert order.arrived


def test_transfer_of_200_images_crosses_a_later_change() -> None:
    changed = lab_site()
    changed["conduits"] = [{"from": "ops1", "to": "pacs1", "service": "https", "reason": "web interface"}]
    workflows.start_transfer(count=200, pause=0.2)
    workflows.wait_for_transfer(sent=3)
    there = _site(changed)
    running = workflows.transfer_status()
    assert running is not None and running.finished is None, "the change fell into the transfer"
    back = _site(lab_site())
    assert there.changed["core"] == 1 and back.changed["core"] == 1
    result = workflows.transfer_result()
    assert result.ok, result
    assert result.sent == 200


def _site(site: object) -> PlaybookRun:
    done = run_playbook("pacs.hardening.site", "--limit", "core", variables={"pacs_site": site})
    assert done.ok, done.output
    return done


def _confirmed_at(firewall: str) -> float:
    """When the newest confirmed change was made, as the host's clock has it."""
    listing = nodes.run(firewall, ["/bin/sh", "-c", "ls /var/lib/pacs-hardening/nft/confirmed | tail -n 1"], check=True)
    change = nodes.read_file(firewall, f"/var/lib/pacs-hardening/nft/confirmed/{listing.stdout.strip()}/change.json")
    return datetime.fromisoformat(json.loads(change or "{}")["created_utc"]).timestamp()
