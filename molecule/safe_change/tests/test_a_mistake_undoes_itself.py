"""Each fault is really injected; each ends in the old rules, and Ansible gets in again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from injections import MOMENTS, injecting, kill_with_controller, order
from one_change import (
    CHANGE,
    MARK,
    answers,
    arm,
    await_rules,
    change,
    finished,
    go_back,
    table,
    unharmed,
    words,
)

from lab import nodes
from playbooks import PROJECT, run_playbook, start_playbook

MISTAKE = PROJECT / "scripts" / "lib" / "mistake.yml"
APPLIED = MOMENTS["after the rules are applied"]


@pytest.fixture(scope="module", autouse=True)
def injectable() -> Iterator[None]:
    with injecting("core"):
        yield


@pytest.fixture
def old() -> Iterator[str]:
    """The rules before; whatever a test does, they are in force after it and nothing is pending."""
    with unharmed() as before:
        yield before


def test_rules_that_cut_ssh_are_undone_by_the_host_and_the_task_says_so(old: str) -> None:
    process = start_playbook(MISTAKE)
    cut = False
    while process.poll() is None:
        cut = cut or not answers()
    done = finished(process)
    assert cut, "the control: while the mistake was in force nobody got in"
    assert done.failed["core"] == 1 and not done.unreachable["core"], done.output
    text = words(done)
    assert "the new rules cut the management connection" in text
    assert "The host has put the previous rules back" in text
    assert "Traceback" not in done.output


def test_kill_9_of_the_module_after_apply(old: str) -> None:
    order("core", steps=APPLIED, then="kill")
    done = run_playbook(CHANGE, variables=change(timeout=10))
    assert done.failed["core"] == 1, done.output
    assert "previous rules are in force again" in words(done), done.output
    await_rules(old, 15)


def test_kill_9_of_the_controller_and_then_of_the_module(old: str) -> None:
    kill_with_controller(APPLIED, change(timeout=10))
    assert str(MARK) in table(), "nobody is left to undo it but the host's own timer"
    await_rules(old, 30)


@pytest.mark.parametrize("way", ["restart", "power cut"])
def test_restart_of_the_firewall_before_confirmation(old: str, way: str) -> None:
    arm(timeout=600)
    assert str(MARK) in table(), "the change is in force, unconfirmed"
    if way == "restart":
        nodes.restart("core")
    else:
        nodes.kill("core")
        nodes.start("core")
    await_rules(old, 5)


def test_nobody_confirms(old: str) -> None:
    arm(timeout=5)
    assert await_rules(old, 15) < 10


def test_a_second_change_while_one_is_pending_is_refused(old: str) -> None:
    change_id = arm(timeout=15)
    second = run_playbook(CHANGE, variables=change(2000))
    assert second.failed["core"] == 1
    assert change_id in second.output, "the message names the change that is pending"
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
        go_back()
        assert table() == before


def test_without_the_timer_nothing_would_come_back() -> None:
    """The control of the timer: stopped by hand, the unconfirmed change stays past its deadline."""
    before = table()
    change_id = arm(timeout=5)
    nodes.run("core", ["/bin/systemctl", "stop", f"pacs-firewall-rollback-{change_id}.timer"], check=True)
    time.sleep(8)
    assert str(MARK) in table()
    # The next run finds it, past its deadline, and puts the old rules back before it does anything else.
    nodes.run("core", ["/usr/local/sbin/pacs-firewall", "rollback", change_id], check=True)
    assert table() == before
