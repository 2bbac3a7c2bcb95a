"""Bad rules, clocks that jump, other programs, switches that are gone, and a set that is large."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from injections import order, withdraw
from one_change import (
    CHANGE,
    MARK,
    RULESET,
    answers,
    arm,
    await_rules,
    change,
    go_back,
    journal,
    power_cut,
    settle,
    table,
    words,
    written,
)

from lab import nodes
from playbooks import run_playbook

BAD = {
    "no such chain": "table inet pacs { chain input { tcp dport 22 jump nowhere; }; }",
    "no nftables": "table inet pacs { blah; }",
    "reaches out": "table inet pacs { }\nflush ruleset\n",
}
ELEMENTS = 10_000
LOCK = "/run/pacs-hardening/lock"
# Every other port, so that no two become a range; each is an element in IPv4 and one in IPv6.
LARGE = range(20_000, 20_000 + ELEMENTS, 2)


def unit(change_id: str, kind: str) -> str:
    return f"pacs-firewall-rollback-{change_id}.{kind}"


def systemctl(*arguments: str) -> None:
    nodes.run("core", ["/bin/systemctl", *arguments], check=True)


def flush() -> None:
    nodes.run("core", ["/usr/sbin/nft", "flush", "ruleset"], check=True)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_ruleset(old: str, kind: str) -> None:
    done = run_playbook(RULESET, variables={"change_ruleset": BAD[kind]})
    assert done.failed["core"] == 1 and "Traceback" not in done.output, done.output
    assert "line" in words(done) or "nft refuses" in words(done), done.output
    assert table() == old


@pytest.mark.parametrize(("first", "then"), [(2036, 2010), (2010, 2036)])
def test_the_wall_clock_jumps_and_the_change_is_confirmed(old: str, first: int, then: int) -> None:
    order("core", year=first)
    change_id = arm(timeout=60)
    assert written("pending", change_id)["deadline_utc"].startswith(str(first)), "the control: this clock is read"
    order("core", year=then)
    done = settle(change_id, "confirmed")
    assert done.ok and str(MARK) in table() and not journal("pending"), done.output
    withdraw("core")
    go_back()


@pytest.mark.parametrize(("first", "then"), [(2036, 2010), (2010, 2036)])
def test_the_wall_clock_jumps_and_nobody_confirms(old: str, first: int, then: int) -> None:
    order("core", year=first)
    began = time.monotonic()
    change_id = arm(timeout=12)
    order("core", year=then)
    waits = settle(change_id, "waiting")
    assert waits.ok, waits.output
    await_rules(old, 30)
    assert time.monotonic() - began >= 12, "not before its time either"


def test_nobody_confirms(old: str) -> None:
    arm(timeout=5)
    assert str(MARK) in table()
    await_rules(old, 15)


def test_the_firewall_is_restarted_in_order(old: str) -> None:
    arm(timeout=600)
    assert str(MARK) in table()
    nodes.restart("core")
    assert table() == old


def test_another_program_flushes_while_pending_and_it_is_confirmed(old: str) -> None:
    change_id = arm(timeout=60)
    flush()
    done = settle(change_id, "confirmed")
    assert done.failed["core"] == 1 and "something else changed" in words(done), done.output
    assert table() == old


def test_another_program_flushes_while_pending_and_nobody_confirms(old: str) -> None:
    arm(timeout=6)
    flush()
    assert table() == ""
    await_rules(old, 20)


def test_nftables_is_restarted_while_pending(old: str) -> None:
    change_id = arm(timeout=60)
    new = table()
    systemctl("restart", "nftables.service")
    assert table() == new and journal("pending") == {change_id}
    assert settle(change_id, "rolled_back").ok
    assert table() == old


def test_the_timer_is_stopped_and_it_is_confirmed(old: str) -> None:
    change_id = arm(timeout=60)
    systemctl("stop", unit(change_id, "timer"))
    done = settle(change_id, "confirmed")
    assert done.failed["core"] == 1 and "safety switch is gone" in words(done), done.output
    assert table() == old


def test_the_timer_is_stopped_and_the_next_run_mends_it(old: str) -> None:
    change_id = arm(timeout=5)
    systemctl("stop", unit(change_id, "timer"))
    time.sleep(8)
    assert str(MARK) in table(), "the control of the timer: without it nothing comes back, even past the deadline"
    done = go_back()
    assert change_id in words(done) and "never confirmed" in words(done), done.output
    assert table() == old


def test_the_watchdog_is_killed_and_the_start_repairs_it(old: str) -> None:
    """Its timer is gone, and its rollback, which hangs as it waits for another program, dies before it did anything."""
    change_id = arm(timeout=60)
    systemctl("stop", unit(change_id, "timer"))
    holder = nodes.popen("core", ["/usr/bin/flock", LOCK, "sleep", "30"])
    try:
        _until(lambda: nodes.run("core", ["/usr/bin/flock", "--nonblock", LOCK, "true"]).returncode != 0)
        watchdog = nodes.popen("core", ["/usr/local/sbin/pacs-firewall", "rollback", change_id])
        named = ["-f", f"pacs-firewall rollback {change_id}"]
        _until(lambda: nodes.run("core", ["/usr/bin/pgrep", *named]).returncode == 0)
        nodes.run("core", ["/usr/bin/pkill", "-KILL", *named], check=True)
        watchdog.communicate(timeout=30)
        assert str(MARK) in table() and journal("pending") == {change_id}
    finally:
        # With it the node's own sleep ends, and nothing holds the lock when others want it.
        power_cut()
        holder.communicate(timeout=40)
    assert table() == old


def _until(true: Callable[[], bool]) -> None:
    """Wait for it, ten seconds at most."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_ten_thousand_elements_that_nobody_confirms(old: str) -> None:
    change_id = arm(*LARGE, timeout=40)
    deadline = written("pending", change_id)["deadline"]
    assert elements() - old.count(" . ") >= ELEMENTS
    await_rules(old, 60)
    late = float(nodes.run("core", ["/bin/cat", "/proc/uptime"], check=True).stdout.split()[0]) - deadline
    print(f"{ELEMENTS} elements: the old rules were seen {late:.1f} s after the deadline")
    assert -1 < late < 10


def test_ten_thousand_elements_that_are_confirmed(old: str) -> None:
    done = run_playbook(CHANGE, variables=change(*LARGE, timeout=60))
    assert done.ok and elements() - old.count(" . ") >= ELEMENTS and answers(), done.output
    go_back()


def elements() -> int:
    return table().count(" . ")
