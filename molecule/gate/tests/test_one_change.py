"""In this order: watched, refused, enforced; then changes that each go wrong in another way, and some that don't."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gate_site import (
    BOTH,
    HANGS,
    MARK,
    TEST,
    changed,
    in_force,
    journal,
    reaches,
    rules,
    site,
    variables,
    words,
)
from pauses import paused_at

from lab import nodes
from playbooks import PlaybookRun, run_playbook

SITE = "pacs.hardening.site"
SERIAL = Path(__file__).resolve().parents[1] / "serial.yml"
AFTER_ARMING = "FC-017"
FOREIGN = """
table inet foreign {
    chain forward { type filter hook forward priority 10; ip daddr 198.19.0.50 tcp dport 22 drop; }
}
"""
SILENT = f"import socket; s = socket.create_server(('0.0.0.0', {HANGS})); k = []\nwhile True: k.append(s.accept())"


@pytest.fixture(scope="module", autouse=True)
def odd_peers() -> Iterator[None]:
    """ris1 has a port that takes connections and says nothing; his1, a vantage point, can't be reached."""
    silent = nodes.popen("ris1", ["/usr/bin/python3", "-c", SILENT])
    nodes.run("his1", ["/bin/systemctl", "stop", "ssh"], check=True)
    yield
    nodes.run("his1", ["/bin/systemctl", "start", "ssh"], check=True)
    nodes.run("ris1", ["/usr/bin/pkill", "-f", f"create_server.*{HANGS}"])
    silent.communicate(timeout=30)


@pytest.fixture
def old() -> Iterator[dict[str, list[Any]]]:
    """The rules before; whatever a test does, they are in force after it on both firewalls, and nothing is pending."""
    before = {name: rules(name) for name in BOTH}
    assert not any(in_force(name) for name in BOTH)
    yield before
    assert {name: rules(name) for name in BOTH} == before
    assert not any(journal(name, "pending") for name in BOTH)


def apply(document: dict[str, object], *arguments: str, playbook: str | Path = SITE, **more: object) -> PlaybookRun:
    return run_playbook(playbook, *arguments, variables=variables(document, **more))


def test_enforcing_is_refused_while_it_would_cut_a_declared_device(old: dict[str, list[Any]]) -> None:
    assert reaches("ws1", "198.18.40.10", 22), "while it watches, an undeclared connection survives"
    done = apply(site())
    text = words(done)
    assert done.failed["core"] == 1 and not any(done.changed.values()), done.output
    assert "core: nothing was changed, because enforcing would cut" in text
    assert re.search(r"would be cut: ws1 -> ris1:22 tcp, (once|\d+ times), last \d+ s ago", text), done.output
    assert "or cut it knowingly: firewall_enforce_despite: [ws1" in text
    assert "Nothing was changed on edge: core belongs to the same change" in text


def test_named_it_is_enforced_and_what_was_broken_before_is_nobodys_fault() -> None:
    nodes.run("ct1", ["/usr/bin/nc", "-z", "-w", "2", "198.18.30.10", "11112"], check=True)
    began = time.monotonic()
    done = apply(site(), firewall_enforce_despite=["ws1", "ops1", "ct1", "pacs1", "his1", "ris1"])
    took = time.monotonic() - began
    text = words(done)
    assert done.ok and all(done.changed[name] == 1 for name in BOTH), done.output
    assert re.search(r"core: new rules armed until \d\d:\d\d:\d\d", text) and "edge: new rules armed until" in text
    assert f"probing {TEST} ... ok" in text and "probing ws1 -> pacs1:11112 C-ECHO ... ok" in text
    assert "confirmed on core, edge" in text
    assert "probing from his1 ... can't be reached" in text, "it is told, and doesn't block"
    assert "nothing was tried from his1, which can't be reached" in text
    hanging = f"probing ws1 -> ris1:{HANGS} C-ECHO ... doesn't work: connected, then nothing came back within 3 s"
    assert text.count(hanging) == 1, "it is bounded, and not asked again"
    assert "ws1 -> pacs1:4243 TCP doesn't work, and didn't before the change either (connection refused)" in text
    assert "cut, as firewall_enforce_despite says: ws1 -> ris1:22 tcp" in text
    assert re.search(
        r"not yet confirmed: ct1 -> pacs1:11112 tcp, used .* before\. Ask Anna Example, ext\. 4711 for a test at CT1's "
        r"console: DICOM echo \(C-ECHO\) to PACS1, or send a test image",
        text,
    ), done.output
    assert not reaches("ws1", "198.18.40.10", 22), "now it is cut"
    assert reaches("ws1", "198.19.0.50", 22), "and what is declared isn't"
    assert took < 120


def test_a_second_run_changes_nothing_and_asks_little() -> None:
    done = apply(site(), "-vvv")
    assert done.ok and not any(done.changed.values()), done.output
    tasks = re.split(r"^TASK \[", done.output, flags=re.MULTILINE)[1:]
    reaching = {
        host: [task for task in tasks if f"<{host}> ESTABLISH SSH" in task] for host in ("198.18.0.14", "198.18.1.14")
    }
    assert all(1 <= len(found) <= 8 for found in reaching.values()), {
        host: len(found) for host, found in reaching.items()
    }
    assert not any("probing" in task for task in tasks)


def test_a_flow_that_breaks_takes_both_firewalls_back_and_is_named(old: dict[str, list[Any]]) -> None:
    """By a rule of somebody else that the proof couldn't see: it comes when everything is armed."""
    with paused_at(AFTER_ARMING, SITE, variables=variables(changed())) as run:
        assert all(in_force(name) for name in BOTH), "the control: the change was in force"
        nodes.run("edge", ["/usr/sbin/nft", "-f", "-"], input=FOREIGN, check=True)
        try:
            done = run.go_on()
        finally:
            nodes.run("edge", ["/usr/sbin/nft", "delete", "table", "inet", "foreign"], check=True)
    text = words(done)
    assert sum(done.failed.values()) == 1 and "The change was taken back" in text, done.output
    assert f"1. {TEST} worked before the change, and doesn't any more: no connection within 3 s" in text
    for name in BOTH:
        assert re.search(rf"{name}: those from before \(change \S+ is rolled back\)", text), done.output
    assert "tables that somebody else has loaded meanwhile" in text
    message = text.partition("The change was taken back")[2].partition("Then run again")[0]
    assert message and "pacs1:4243" not in message, "that was broken before"


def test_a_firewall_that_dies_takes_the_other_one_back(old: dict[str, list[Any]]) -> None:
    with paused_at(AFTER_ARMING, SITE, variables=variables(changed())) as run:
        assert all(in_force(name) for name in BOTH)
        nodes.kill("edge")
        done = run.go_on()
        nodes.start("edge")
    text = words(done)
    assert not done.ok and not done.failed.get("pacs1"), done.output
    assert "edge can't be reached any more over a new connection" in text, done.output
    assert re.search(r"core: those from before \(change \S+ is rolled back\)", text)
    assert re.search(r"edge: it can't be asked .* By itself it puts those from before back", text)


def test_when_the_controller_dies_both_go_back_by_themselves(old: dict[str, list[Any]]) -> None:
    short = variables(changed(), firewall_change_confirm_timeout=20, firewall_change_gate=False)
    with paused_at(AFTER_ARMING, SITE, variables=short) as run:
        assert all(in_force(name) for name in BOTH)
        os.killpg(run.process.pid, signal.SIGKILL)
    began = time.monotonic()
    while any(in_force(name) for name in BOTH):
        assert time.monotonic() - began < 30, "nobody put the old rules back"
        time.sleep(0.5)


def test_one_that_can_not_confirm_takes_back_one_that_has(old: dict[str, list[Any]]) -> None:
    """Too late for the judgement: edge loses its safety switch when everybody is told to confirm."""
    with paused_at("FC-020", SITE, variables=variables(changed(), firewall_change_gate=False)) as run:
        (change,) = journal("edge", "pending")
        nodes.run("edge", ["/bin/systemctl", "stop", f"pacs-firewall-rollback-{change}.timer"], check=True)
        done = run.go_on()
    text = words(done)
    assert "edge didn't confirm" in text, done.output
    assert "core: those from before; it had confirmed already, so they were applied anew" in text
    assert re.search(r"edge: those from before \(change \S+ is rolled back\)", text)


def test_a_part_of_the_site_and_one_firewall_after_the_other() -> None:
    limited = apply(changed(), "--limit", "core")
    assert limited.ok and in_force("core") and not in_force("edge"), limited.output
    assert "confirmed on core" in words(limited)
    back = apply(site(), playbook=SERIAL)
    assert back.ok and not in_force("core") and back.changed == {"core": 1, "edge": 0}, back.output
    both = apply(changed(MARK + 1), playbook=SERIAL)
    assert both.ok and all(in_force(name, MARK + 1) for name in BOTH), both.output
    text = words(both)
    assert text.index("confirmed on core") < text.index("edge: new rules armed until")
