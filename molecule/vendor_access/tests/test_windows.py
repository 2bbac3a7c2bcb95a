"""Somebody gets in for a window, and out by himself. On systemd, over SSH through a firewall, granted in both ways."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lab import nodes
from playbooks import PlaybookRun, run_playbook

NAME = "ws1-pacs1-ssh"
WHY = {"ticket": "INC-4711", "reason": "storage error 23", "granted_by": "Anna Example"}


def play(site: dict[str, Any], **wish: Any) -> PlaybookRun:
    return run_playbook("pacs.hardening.vendor_access", variables={"pacs_site": site, **wish})


def on_core(*arguments: str, user: str = "") -> tuple[int, str]:
    """pacs-access on the firewall, as root or by sudo as somebody."""
    command = ["/usr/local/sbin/pacs-access", *arguments]
    if user:
        command = ["/usr/sbin/runuser", "-u", user, "--", "sudo", "-n", *command]
    done = nodes.run("core", command)
    return done.returncode, done.stdout + done.stderr


def open_on_core() -> list[dict[str, Any]]:
    status, text = on_core("list", "--json")
    assert status == 0, text
    return [json.loads(line) for line in text.splitlines()]


def granted_for(seconds: int) -> float:
    """Grant on the firewall, by somebody on call; when it ends (monotonic)."""
    start = time.monotonic()
    status, text = on_core(
        "grant", NAME, "--for", f"{seconds}s", "--ticket", "INC-1", "--reason", "at night", user="oncall"
    )
    assert status == 0, text
    return start + seconds


def test_outside_a_window_there_is_no_way(session: Any) -> None:
    assert not session().lives(3)


def test_a_real_session_ends_within_two_seconds_of_its_window(session: Any) -> None:
    end = granted_for(8)
    technician = session()
    assert technician.lives(4), "or nothing is shown by what follows"
    heard = technician.last_heard(30)
    assert end - 3 < heard < end + 2


def test_it_ends_on_time_though_the_firewall_restarts_meanwhile(session: Any) -> None:
    end = granted_for(45)
    technician = session()
    assert technician.lives(4)
    nodes.restart("core")
    assert technician.lives(25), "it goes on: TCP has patience, and the window was given back"
    left = open_on_core()[0]["left"]
    assert 0 < left <= end - time.monotonic() + 2, "no more than what was left"
    heard = technician.last_heard(60)
    assert heard < end + 2


def test_after_a_power_cut_it_is_open_for_no_longer_either(session: Any) -> None:
    granted_for(40)
    nodes.kill("core")
    nodes.start("core")
    (window,) = open_on_core()
    assert 0 < window["left"] <= 40 and window["deadline"] - time.time() <= 40


def test_ansible_grants_extends_and_revokes(site: dict[str, Any], session: Any) -> None:
    opened = play(site, grant=NAME, minutes=5, **WHY)
    assert opened.ok and opened.changed["core"] == 1, opened.output
    assert play(site, grant=NAME, minutes=5, **WHY).changed["core"] == 0, "asked for twice"
    (window,) = open_on_core()
    assert (window["name"], window["ticket"], window["by"]) == (NAME, "INC-4711", "Anna Example")
    technician = session()
    assert technician.lives(4)
    longer = play(site, extend=window["id"], minutes=30, **WHY)
    assert longer.ok and 1700 < open_on_core()[0]["left"] <= 1800, longer.output
    over = play(site, revoke=window["id"])
    assert over.ok and over.changed["core"] == 1, over.output
    assert not technician.lives(1.5) and open_on_core() == []


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"grant": "ws1-ris1-ssh", "minutes": 5, **WHY}, "The site declares these interventions: ws1-pacs1-ssh"),
        ({"grant": NAME, "minutes": 5}, "to grant and to extend also minutes, ticket and reason"),
        ({"grant": NAME, "minutes": 90, **WHY}, "is too long: 1 h 0 min at most, as the site says"),
        ({"revoke": "w9"}, "No window w9 is open. Open are: none. Nothing was changed."),
    ],
)
def test_what_is_no_clear_wish_is_refused(site: dict[str, Any], wish: dict[str, Any], said: str) -> None:
    refused = play(site, **wish)
    assert not refused.ok and said in " ".join(refused.output.split()), refused.output
    assert not any(refused.changed.values()) and open_on_core() == []


def test_people_on_call_may_call_one_command_and_strangers_none() -> None:
    assert on_core("list", user="oncall")[0] == 0
    for user, command in (("oncall", "/usr/sbin/nft"), ("oncall", "/usr/local/libexec/pacs-hardening/access")):
        done = nodes.run("core", ["/usr/sbin/runuser", "-u", user, "--", "sudo", "-n", command, "list"])
        assert done.returncode != 0 and "password is required" in done.stderr, done
    assert on_core("list", user="stranger")[0] != 0
    assert "for Ansible" in on_core(
        "grant", NAME, "--for", "5m", "--ticket", "1", "--reason", "x", "--id", "w1", user="oncall"
    )[1]  # fmt: skip


def test_the_next_run_takes_over_what_was_granted_at_night(site: dict[str, Any], session: Any) -> None:
    granted_for(600)
    technician = session()
    assert technician.lives(4)
    run = run_playbook("pacs.hardening.site", variables={"pacs_site": site, "firewall_mode": "enforce"}, timeout=600)
    assert run.ok and not any(run.changed.values()), run.output
    assert technician.lives(2) and len(open_on_core()) == 1
