"""Each fault is really injected; each ends in the old rules, and Ansible gets in again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sites import lab_site

from lab import nodes, probes
from lab.listing import settled
from playbooks import PROJECT, PlaybookRun, run_playbook, start_playbook, summarise

CHANGE = Path(__file__).resolve().parents[1] / "change.yml"
MISTAKE = PROJECT / "scripts" / "lib" / "mistake.yml"
STORE = "/var/lib/pacs-hardening/nft"
SSH = [probe for probe in probes.matrix() if (probe.source, probe.target, probe.port) == ("ops1", "core", 22)]
# Nobody else has this port: that it stands in the rules shows that the change is in force.
MARK = 54321


def changed_site() -> dict[str, Any]:
    """The lab's site with one conduit more."""
    site = lab_site()
    site["conduits"] = [{"from": "ops1", "to": "pacs1", "protocol": "tcp", "ports": [MARK], "reason": "a change"}]
    return site


def change(**variables: Any) -> dict[str, Any]:
    """Extra variables of change.yml."""
    return {"pacs_site": changed_site()} | {f"change_{name}": value for name, value in variables.items()}


def table() -> str:
    """Our table as it stands in the kernel, without what changes there by itself."""
    return settled(nodes.run("core", ["/usr/sbin/nft", "list", "table", "inet", "pacs"], check=True).stdout)


def journal(state: str) -> set[str]:
    """The ids of the changes in a state."""
    return set(nodes.run("core", ["/bin/ls", f"{STORE}/{state}"], check=True).stdout.split())


def await_rules(old: str, seconds: float) -> float:
    """Wait for the old rules; how long it took."""
    began = time.monotonic()
    while table() != old:
        assert time.monotonic() - began < seconds, "the old rules didn't come back"
        time.sleep(0.1)
    return time.monotonic() - began


def answers() -> bool:
    """Does the firewall answer its administrators on new connections, in both families?"""
    return all(result.outcome == "open" for result in probes.run(SSH))


@pytest.fixture
def old() -> Iterator[str]:
    """The rules before; whatever a test does, they are in force after it and nothing is pending."""
    before = table()
    assert str(MARK) not in before and answers() and not journal("pending")
    yield before
    assert table() == before
    assert not journal("pending")
    assert answers()


def test_rules_that_cut_ssh_are_undone_by_the_host_and_the_task_says_so(old: str) -> None:
    process = start_playbook(MISTAKE)
    cut = False
    while process.poll() is None:
        cut = cut or not answers()
    done = finished(process)
    assert cut, "the control: while the mistake was in force nobody got in"
    assert done.failed["core"] == 1 and not done.unreachable["core"], done.output
    text = " ".join(done.output.split())
    assert "the new rules cut the management connection" in text
    assert "The host has put the previous rules back" in text
    assert "Traceback" not in done.output


def test_kill_9_of_the_module_after_apply(old: str) -> None:
    process, watcher = frozen_after_apply(timeout=10)
    watcher.communicate("kill it\n", timeout=30)
    done = finished(process)
    assert done.failed["core"] == 1, done.output
    assert "previous rules are in force again" in " ".join(done.output.split()), done.output
    await_rules(old, 15)


def test_kill_9_of_the_controller_and_then_of_the_module(old: str) -> None:
    process, watcher = frozen_after_apply(timeout=20)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    watcher.communicate("kill it\n", timeout=30)
    assert str(MARK) in table(), "nobody is left to undo it but the host's own timer"
    await_rules(old, 30)


@pytest.mark.parametrize("way", ["restart", "power cut"])
def test_restart_of_the_firewall_before_confirmation(old: str, way: str) -> None:
    armed = run_playbook(CHANGE, variables=change(confirm="later", timeout=600))
    assert armed.ok and armed.changed["core"] == 1, armed.output
    assert str(MARK) in table(), "the change is in force, unconfirmed"
    assert len(journal("pending")) == 1
    if way == "restart":
        nodes.restart("core")
    else:
        nodes.kill("core")
        nodes.start("core")
    await_rules(old, 5)


def test_nobody_confirms(old: str) -> None:
    armed = run_playbook(CHANGE, variables=change(confirm="later", timeout=5))
    assert armed.ok, armed.output
    assert await_rules(old, 15) < 10


def test_a_second_change_while_one_is_pending_is_refused(old: str) -> None:
    assert run_playbook(CHANGE, variables=change(confirm="later", timeout=15)).ok
    second = run_playbook(CHANGE, variables={**change(), "pacs_site": lab_site()})
    assert second.failed["core"] == 1
    assert next(iter(journal("pending"))) in second.output, "the message names the change that is pending"
    await_rules(old, 30)


def test_a_good_change_is_kept_and_survives_a_restart() -> None:
    """The control of all the others: the same change, confirmed, stays."""
    before = table()
    for confirmation in ({}, {"confirm": "later", "confirmed_later": True}):
        done = run_playbook(CHANGE, variables=change(**confirmation))
        assert done.ok, done.output
        time.sleep(11)
        assert str(MARK) in table(), "the deadline has passed, and it stands"
        nodes.restart("core")
        assert str(MARK) in table(), "and after a restart"
        back = run_playbook(CHANGE, variables={**change(), "pacs_site": lab_site()})
        assert back.ok and table() == before, back.output


def test_without_the_timer_nothing_would_come_back() -> None:
    """The control of the timer: stopped by hand, the unconfirmed change stays past its deadline."""
    before = table()
    assert run_playbook(CHANGE, variables=change(confirm="later", timeout=5)).ok
    change_id = journal("pending").pop()
    nodes.run("core", ["/bin/systemctl", "stop", f"pacs-firewall-rollback-{change_id}.timer"], check=True)
    time.sleep(8)
    assert str(MARK) in table()
    # The next run finds it, past its deadline, and puts the old rules back before it does anything else.
    nodes.run("core", ["/usr/local/sbin/pacs-firewall", "rollback", change_id], check=True)
    assert table() == before


def finished(process: Any) -> PlaybookRun:
    output, _errors = process.communicate(timeout=60)
    return summarise(process.returncode, output)


# In the node: as soon as the change is in force, freeze the module that applied it; kill it when told to. Its process
# was there before the change was; a moment later there is the confirmation's module, and that one is tried again.
FREEZE = f"""
until nft list table inet pacs | grep -q {MARK}; do module=$(pgrep -n -x 'python3.*'); done
if [ -n "$module" ] && kill -STOP "$module" && [ -n "$(ls {STORE}/pending)" ]; then echo frozen; else echo late; fi
read -r word
kill -KILL "$module"
"""


def frozen_after_apply(timeout: int) -> tuple[Any, Any]:
    """Start a change whose module stands still between apply and confirmation: the playbook's process and the node's.

    The window is short: where it was missed, the change is taken back and made again.
    """
    for _attempt in range(5):
        watcher = nodes.popen("core", ["/bin/sh", "-c", FREEZE])
        process = start_playbook(CHANGE, variables=change(timeout=timeout), own_group=True)
        if watcher.stdout.readline().strip() == "frozen":
            return process, watcher
        watcher.communicate("too late\n", timeout=30)
        process.communicate(timeout=120)
        assert run_playbook(CHANGE, variables={**change(), "pacs_site": lab_site()}).ok
    raise AssertionError("the module was never caught between apply and confirmation")
