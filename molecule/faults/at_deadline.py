"""Runs on a firewall: makes changes and confirms each within 20 ms of its deadline, while systemd's timer fires.

at_deadline.py TIMES. Prints how often either won. Ends with an error where the rules in force aren't those of the
winner, or anything is left pending.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

from ansible_collections.pacs.hardening.plugins.module_utils._io import confirmation, ruleset
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import newest_confirmed
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import ruleset_of

LAYOUT, TABLE = Layout(), "inet pacs"
JOURNAL = Journal(LAYOUT)
PATIENCE = 10.0


def listing() -> str:
    command = ["nft", "-s", "list", "table", "inet", "pacs"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def settled(change_id: str) -> str:
    """The state of a change once the rollback that may be running has ended."""
    unit = f"pacs-firewall-rollback-{change_id}"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        units = [f"{unit}.timer", f"{unit}.service"]
        done = subprocess.run(["systemctl", "is-active", *units], capture_output=True, text=True, check=False)
        if not {"active", "activating"} & set(done.stdout.split()):
            return str(JOURNAL.state_of(change_id))
        time.sleep(0.01)
    raise AssertionError(f"{unit} is still at work")


def main(times: int) -> dict[str, int]:
    """How often the change was confirmed, and how often rolled back."""
    confirmed = newest_confirmed(JOURNAL.entries(), TABLE)
    assert confirmed is not None
    base = ruleset_of(JOURNAL.candidate_of("confirmed", confirmed.id) or "")
    assert base is not None
    chance, outcomes = random.Random(), {"confirmed": 0, "rolled_back": 0}
    # Confirming renames at its end: it begins so much before the deadline that both ends meet.
    ahead = 0.1
    for number in range(times):
        old = listing()
        head, _brace, _tail = base.rpartition("}")
        extra = f"set at_deadline {{ type inet_service; elements = {{ {1000 + number} }}; }}\n}}\n"
        done = ruleset.apply_ruleset(Request(TABLE, head + extra, 1, 0, 3), False, LAYOUT)
        new = listing()
        (entry,) = [entry for entry in JOURNAL.entries() if entry.id == done.change_id]
        assert entry.change is not None and entry.change.deadline is not None and new != old
        time.sleep(max(0.0, entry.change.deadline - ahead + chance.uniform(-0.02, 0.02) - boottime()))
        try:
            confirmation.settle_change(entry.id, "confirmed", False, LAYOUT)
            outcome, ahead = "confirmed", max(0.0, ahead - 0.005)
        except ApplyFailed as error:
            assert error.rolled_back
            outcome, ahead = "rolled_back", ahead + 0.005
        assert settled(entry.id) == outcome, (number, outcome)
        assert listing() == (new if outcome == "confirmed" else old), (number, outcome)
        outcomes[outcome] += 1
    return outcomes


print(json.dumps(main(int(sys.argv[1]))))
