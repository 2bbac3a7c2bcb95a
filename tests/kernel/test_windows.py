"""Windows for vendors: nothing passes outside one, and it ends what was opened in it, at the minute, in the kernel."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel.window_place import HTTPS, NAME, OTHER, WHY, Place, missing, place, site

from ansible_collections.pacs.hardening.plugins.module_utils._io.ruleset import apply_ruleset
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        yield made


def policy() -> EnforcementPolicy:
    return compile_site(site()).policies["edge"]


def proven(here: Place) -> str:
    return verify(json.loads(here.firewall.run("nft", "-j", "list", "ruleset")), policy()).verdict


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0, done
    return done.stderr


@pytest.mark.parametrize("version", [4, 6])
def test_a_session_is_open_for_its_window_and_no_longer(here: Place, version: int) -> None:
    with here.session(version=version, patience=0.5) as before:
        assert not before.opened
    assert here.reports(version), "the way beside it is open, so the one above was shut"
    start = time.monotonic()
    here.grant("3s")
    assert proven(here) == "proven", "an open window of a declared intervention is what the site says"
    with here.session(version=version) as during, here.session(HTTPS, version, 0.5) as other:
        assert during.opened and during.carries()
        assert not other.opened, "a window opens one intervention"
        time.sleep(max(0.0, start + 3.5 - time.monotonic()))
        assert not during.carries(0.5) and not during.passes_back(0.5), "it outlived its window"
        assert time.monotonic() - start < 5, "within two seconds of its end"
    with here.session(version=version, patience=0.5) as after:
        assert not after.opened
    assert here.reports(version)
    assert proven(here) == "proven"


def test_what_is_revoked_stops_at_once_and_what_is_extended_goes_on(here: Place) -> None:
    here.grant("4s")
    with here.session() as session:
        shorter = here.access("extend", "w1", "--for", "2s", *WHY)
        assert "is longer" in refused(shorter)
        assert here.access("extend", "w1", "--for", "60s", *WHY).returncode == 0
        assert 50 < here.left() <= 60 and 50 < here.left(6) <= 60
        time.sleep(4.2)
        assert session.carries()
        revoked = here.access("revoke", "w1")
        assert revoked.returncode == 0 and "Closed: vendor1-ct1-ssh" in revoked.stdout
        assert not session.carries(0.5) and not session.passes_back(0.5)
    assert here.left() == 0 and "No window is open" in here.access("list").stdout
    history = Path(here.layout.state, "history.log").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in history]
    assert [record["what"] for record in records] == ["granted", "extended", "revoked"]
    assert {record["ticket"] for record in records} == {"INC-1"} and records[0]["reason"] == "gantry error 23"


def test_a_replaced_ruleset_keeps_what_is_left_and_never_more(here: Place, tmp_path: Path) -> None:
    layout = Layout(f"{tmp_path}/nft", here.layout.run, f"{tmp_path}/pacs-firewall", f"{tmp_path}/units")
    here.grant("60s")
    with here.session() as session:
        time.sleep(1.1)
        left = here.left()
        more = site()
        more["conduits"].append({"from": "ct1", "to": "vendor1", "service": "syslog", "reason": "logs"})
        text = render(compile_site(more).policies["edge"])
        with here.firewall.inside():
            assert apply_ruleset(
                Request("inet pacs", text, confirm_timeout=0, warm_up=0, keep=3), False, layout
            ).changed
        assert left - 10 < here.left() <= left
        assert session.carries()


def test_a_restart_gives_back_what_was_left_and_never_more(here: Place) -> None:
    here.grant("600s")
    with here.session() as session:
        time.sleep(1.1)
        left = here.left()
        assert here.restart(site()).returncode == 0
        assert left - 5 < here.left() <= left
        assert session.carries(), "it goes on, for its window does"
    # Once only, however often the unit is started.
    before = here.left()
    time.sleep(1.1)
    assert here.access("boot").returncode == 0 and here.left() < before


@pytest.mark.parametrize("clock", ["-30d", "-1h"])
def test_a_clock_set_back_makes_nothing_longer(here: Place, clock: str) -> None:
    here.grant("100s")
    time.sleep(1.1)
    left = here.left()
    assert here.restart(site(), clock=clock).returncode == 0
    assert left - 5 < here.left() <= left


def test_after_its_time_of_day_a_restart_gives_nothing_back(here: Place) -> None:
    here.grant("100s")
    with here.session() as session:
        assert here.restart(site(), clock="+101s").returncode == 0
        assert here.left() == 0 and not session.carries(0.5)
    assert "No window is open" in here.access("list").stdout
    assert "while the host was down" in Path(here.layout.state, "history.log").read_text(encoding="utf-8")


def test_a_restart_without_the_sites_rules_opens_nothing(here: Place) -> None:
    here.grant("100s")
    fewer = site()
    fewer["conduits"] = fewer["conduits"][2:]
    assert "stays closed" in refused(here.restart(fewer))
    here.load(site())
    assert here.left() == 0


def test_what_the_site_no_longer_declares_is_ended_with_its_sessions(here: Place) -> None:
    here.grant("100s")
    with here.session() as session:
        fewer = site()
        fewer["conduits"] = fewer["conduits"][1:]
        # The rules come first: they have no set any more that could end it.
        here.load(fewer)
        assert session.carries(), "or nothing is shown by what follows"
        done = here.prepare(fewer)
        assert [window.id for window in done.ended] == ["w1"] and not done.warnings
        assert not session.carries(0.5)
    assert not Path(here.layout.intervention(NAME)).exists()
    assert here.prepare(fewer).changed is False


def test_people_on_call_grant_what_is_approved_for_them_and_nothing_else(here: Place) -> None:
    shown = here.access("interventions", sudo=True).stdout
    assert NAME in shown and OTHER not in shown
    assert "isn't approved for people on call; they may grant: vendor1-ct1-ssh" in refused(
        here.access("grant", OTHER, "--for", "5m", *WHY, sudo=True)
    )
    assert "for Ansible" in refused(here.access("grant", NAME, "--for", "5m", *WHY, "--id", "w9", sudo=True))
    assert "is for the host itself" in refused(here.access("boot", sudo=True))
    with here.session(patience=0.3) as before:
        assert not before.opened
    granted = here.access("grant", NAME, "--for", "5m", *WHY, sudo=True)
    assert granted.returncode == 0 and "ends by itself, open sessions too" in granted.stdout
    with here.session() as session:
        assert session.opened
        # The collection's next run takes it over.
        assert here.prepare(site()).changed is False
        assert session.carries()
    listed = here.access("list", sudo=True).stdout
    assert "by oncall on" in listed and "ticket INC-1" in listed
    here.grant("60s", OTHER, "w2")
    assert "people on call didn't grant it" in refused(here.access("extend", "w2", "--for", "30m", *WHY, sudo=True))
    assert here.access("revoke", "all", sudo=True).returncode == 0 and here.left() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grant", "vendor1-pacs1-ssh", "--for", "5m", *WHY), "declares no intervention 'vendor1-pacs1-ssh'"),
        (("grant", "../../etc/passwd", "--for", "5m", *WHY), "declares no intervention"),
        (("grant", NAME, "--for", "61m", *WHY), "61m is too long: 1 h 0 min at most, as the site says"),
        (("grant", NAME, "--for", "5", *WHY), "'5' of what? Say 5m or 5h"),
        (("grant", NAME, "--for", "1d", *WHY), "no length of time"),
        (("grant", NAME, "--for", "5m", "--reason", "x"), "under which ticket?"),
        (("grant", NAME, "--for", "5m", "--ticket", "1", "--reason", " "), "why?"),
        (("grant", NAME, *WHY), "for how long?"),
        (("grant", NAME, "--for"), "something must follow --for"),
        (("revoke", "w7"), "no window is open with the id 'w7'"),
        (("extend", "w7", "--for", "5m", *WHY), "no window is open with the id 'w7'"),
        (("open",), "'open' is no command of this tool"),
    ],
)
def test_what_is_refused_is_said_and_opens_nothing(here: Place, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(here.access(*arguments))
    assert here.left() == 0 and not list(Path(here.layout.state).glob("open/*"))


def test_rules_that_know_no_windows_and_a_second_window_are_refused(here: Place) -> None:
    here.grant("60s")
    again = refused(here.access("grant", NAME, "--for", "5m", *WHY))
    assert "it is open already" in again and "pacs-access extend w1 --for 5m" in again
    assert here.access("revoke", "w1").returncode == 0
    here.firewall.run("nft", "delete", "table", "inet", "pacs")
    assert "have Ansible put the site's rules in force first" in refused(
        here.access("grant", NAME, "--for", "5m", *WHY)
    )


def test_whoever_opens_more_than_is_declared_is_found(here: Place) -> None:
    here.firewall.run(
        "nft", "add", "element", "inet", "pacs", "window4_from_vendors_to_modality",
        "{ 10.1.0.2 . 10.2.0.2 . tcp . 3389 timeout 1h }",
    )  # fmt: skip
    assert proven(here) == "refuted"


def test_in_watch_mode_nothing_is_cut(here: Place) -> None:
    text = render(policy(), "watch")
    here.firewall.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{text}")
    with here.session() as session:
        assert session.opened and session.carries()
