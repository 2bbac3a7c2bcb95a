"""Two thousand images on one association through a firewall whose rules change ten times meanwhile, twice in vain."""

from __future__ import annotations

from one_change import CHANGE, changed_site, go_back, words

from lab import workflows
from playbooks import PROJECT, run_playbook

MISTAKE = PROJECT / "scripts" / "lib" / "mistake.yml"
IMAGES, CHANGES, MISTAKES = 2000, 10, (3, 7)


def test_two_thousand_images_cross_ten_changes_of_which_two_are_undone() -> None:
    workflows.start_transfer(count=IMAGES, pause=0.02)
    workflows.wait_for_transfer(sent=3)
    undone = 0
    for number in range(1, CHANGES + 1):
        if number in MISTAKES:
            done = run_playbook(MISTAKE)
            assert done.failed["core"] == 1 and "previous rules back" in words(done), done.output
            undone += 1
        else:
            done = run_playbook(CHANGE, variables={"pacs_site": changed_site(50000 + number)})
            assert done.ok and done.changed["core"] == 1, done.output
        running = workflows.transfer_status()
        assert running is not None and running.finished is None, f"change {number} fell into the transfer: {running}"
    assert undone == len(MISTAKES)
    result = workflows.transfer_result(timeout=600)
    assert result.ok and result.sent == len(set(result.uids)) == IMAGES, result
    assert workflows.found_in_orthanc(result.uids) == frozenset(result.uids), "all of them are in the archive"
    go_back()
