"""kill -9 of the module, of the controller and of the rollback itself, at moments of our choice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from injections import CONFIRMING, MOMENTS, kill_with_controller, order, withdraw
from one_change import (
    CHANGE,
    MARK,
    STORE,
    answers,
    assert_unharmed,
    at_rest,
    await_rules,
    change,
    go_back,
    journal,
    power_cut,
    table,
    words,
)

from lab import nodes
from playbooks import run_playbook

TOOL = "/usr/local/sbin/pacs-firewall"
JOURNAL, ARMED, APPLIED = MOMENTS
# Seconds until the host acts by itself, where that is waited for: a busy machine looks slowly.
PATIENCE = 15
# What is of ours on a host, but for the packages.
BARE = f"""
nft delete table inet pacs
systemctl disable --quiet --now pacs-firewall.service
rm -rf {STORE} /run/pacs-hardening {TOOL} /etc/systemd/system/pacs-firewall* /etc/systemd/system/nftables.service.d
systemctl daemon-reload
"""


def timer(old: str) -> None:
    """The host's own switch: nothing to do but to wait."""
    await_rules(old, PATIENCE + 10)


def cut(old: str) -> None:
    power_cut()


def next_run(old: str) -> None:
    """The next run finds what was left behind, and puts it right before it does anything else."""
    done = go_back()
    assert "never confirmed, nor undone by the host" in words(done), done.output


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9_of_the_module(old: str, moment: str) -> None:
    order("core", steps=MOMENTS[moment], then="kill")
    done = run_playbook(CHANGE, variables=change(timeout=20))
    assert done.failed["core"] == 1 and not done.unreachable["core"], done.output
    assert "The previous rules are in force again" in words(done) and "Traceback" not in done.output, done.output


@pytest.mark.parametrize(
    ("moment", "recover"),
    [(JOURNAL, next_run), (JOURNAL, cut), (ARMED, timer), (ARMED, cut), (APPLIED, timer), (APPLIED, cut)],
)
def test_kill_9_of_the_module_and_nobody_asks_what_became_of_it(
    old: str, moment: str, recover: Callable[[str], None]
) -> None:
    kill_with_controller(MOMENTS[moment], change(timeout=PATIENCE if recover is timer else 600))
    assert len(journal("pending")) == 1
    assert (str(MARK) in table()) == (moment == APPLIED)
    recover(old)


@pytest.mark.parametrize("recover", [timer, cut])
def test_kill_9_before_the_confirmation_is_written(old: str, recover: Callable[[str], None]) -> None:
    confirm_and_die("before it is confirmed", PATIENCE if recover is timer else 600)
    assert len(journal("pending")) == 1 and str(MARK) in table()
    recover(old)


def test_kill_9_after_the_confirmation_is_written(old: str) -> None:
    confirm_and_die("after it is confirmed", PATIENCE)
    new = table()
    assert not journal("pending") and str(MARK) in new
    time.sleep(PATIENCE)
    assert table() == new, "the switch is still armed, fires, and undoes nothing"
    power_cut()
    assert table() == new and answers()
    go_back()


def confirm_and_die(moment: str, timeout: int) -> None:
    order("core", steps=CONFIRMING[moment], then="kill")
    done = run_playbook(CHANGE, variables=change(confirm="later", confirmed_later=True, timeout=timeout))
    assert done.failed["core"] == 1, done.output


# Places of the rollback, in this order, by the line that comes before each.
PLACES = [
    "    lock 5\n",
    "            due=1\n",
    '    table=$(table_of "$1")\n',
    '        rm -f "$directory/unrestored"\n',
]


@pytest.fixture
def deadly() -> Iterator[Callable[[str], None]]:
    """Have the host's tool do something once at each of PLACES."""
    good = nodes.read_file("core", TOOL)
    assert good is not None

    def spoil(what: str) -> None:
        bad = good
        for number, place in enumerate(PLACES):
            once = f"if [ ! -e /run/died-{number} ]; then : >/run/died-{number}; {what}; fi\n"
            assert place in bad
            before, after = bad.rsplit(place, 1) if number else bad.split(place, 1)
            bad = before + place + once + after
        nodes.write_file("core", TOOL, bad, 0o755)

    yield spoil
    nodes.write_file("core", TOOL, good, 0o755)
    nodes.run("core", ["/bin/sh", "-c", "rm -f /run/died-*"], check=True)


def test_kill_9_of_the_rollback_at_four_places_one_after_the_other(old: str, deadly: Callable[[str], None]) -> None:
    """systemd starts it again each time."""
    assert run_playbook(CHANGE, variables=change(confirm="later", timeout=5)).ok
    deadly("kill -9 $$")
    end = time.monotonic() + 30
    while len(died()) < len(PLACES) or unrestored():
        assert time.monotonic() < end, (died(), unrestored())
        time.sleep(0.2)
    await_rules(old, 10)


def test_a_power_cut_in_the_middle_of_the_rollback(old: str, deadly: Callable[[str], None]) -> None:
    assert run_playbook(CHANGE, variables=change(confirm="later", timeout=5)).ok
    deadly("kill -STOP $$")
    end = time.monotonic() + 30
    while not died():
        assert time.monotonic() < end
        time.sleep(0.2)
    assert str(MARK) in table(), "the watchdog stands still, and nobody else is left"
    power_cut()
    assert table() == old


def died() -> list[str]:
    return nodes.run("core", ["/bin/sh", "-c", "ls /run/died-* 2>/dev/null"]).stdout.split()


def unrestored() -> str:
    return nodes.run("core", ["/bin/sh", "-c", f"ls {STORE}/rolled_back/*/unrestored 2>/dev/null"]).stdout


@pytest.fixture(scope="module")
def never_hardened() -> Iterator[None]:
    """A firewall with nothing of ours on it; after the tests it has its rules again."""
    before = at_rest()
    yield
    nodes.run("core", ["/bin/sh", "-c", BARE])
    go_back()
    assert_unharmed(before)


@pytest.mark.parametrize(
    ("moment", "warm_up", "recover"),
    [(JOURNAL, 0, cut), (ARMED, 0, timer), (APPLIED, 0, cut), (APPLIED, 3, timer)],
    ids=["journal, power cut", "armed, timer", "applied, power cut", "warming up, timer"],
)
def test_kill_9_of_the_first_change_ever(
    never_hardened: None, moment: str, warm_up: int, recover: Callable[[str], None]
) -> None:
    nodes.run("core", ["/bin/sh", "-c", BARE], check=True)
    assert table() == ""
    kill_with_controller(MOMENTS[moment], change(timeout=PATIENCE, warm_up=warm_up))
    assert (table() != "") == (moment == APPLIED)
    recover("")
    assert table() == "" and not journal("pending") and answers()


def test_a_first_change_ever_that_nobody_kills_stays(never_hardened: None) -> None:
    """The control."""
    withdraw("core")
    nodes.run("core", ["/bin/sh", "-c", BARE], check=True)
    assert run_playbook(CHANGE, variables=change(timeout=10)).ok
    assert str(MARK) in table() and answers()
