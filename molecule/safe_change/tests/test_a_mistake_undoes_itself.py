"""The mistakes that matter most. Each ends in the old rules, and Ansible gets in again; scenario faults has more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from injections import MOMENTS, injecting, kill_with_controller
from one_change import (
    CHANGE,
    MARK,
    answers,
    arm,
    assert_unharmed,
    at_rest,
    await_rules,
    change,
    finished,
    go_back,
    power_cut,
    table,
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
    before = at_rest()
    yield before
    assert_unharmed(before)


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


def test_kill_9_of_the_controller_and_then_of_the_module(old: str) -> None:
    kill_with_controller(APPLIED, change(timeout=10))
    assert str(MARK) in table(), "nobody is left to undo it but the host's own timer"
    await_rules(old, 30)


def test_a_power_cut_before_confirmation(old: str) -> None:
    arm(timeout=600)
    assert str(MARK) in table(), "the change is in force, unconfirmed"
    power_cut()
    await_rules(old, 5)


@pytest.mark.parametrize("confirmation", [{}, {"confirm": "later", "confirmed_later": True}], ids=["at once", "later"])
def test_a_good_change_is_kept_and_survives_a_restart(old: str, confirmation: dict[str, Any]) -> None:
    """The control of all the others: the same change, confirmed, stays."""
    done = run_playbook(CHANGE, variables=change(timeout=5, **confirmation))
    assert done.ok, done.output
    time.sleep(6)
    assert str(MARK) in table(), "the deadline has passed, and it stands"
    nodes.restart("core")
    assert str(MARK) in table(), "and after a restart"
    go_back()
