"""Several changes at once, and a confirmation at the last moment."""

from __future__ import annotations

import json
from pathlib import Path

from one_change import CHANGE, STORE, arm, change, finished, go_back, journal, settle, table, words

from lab import nodes
from playbooks import PROJECT, run_playbook, start_playbook

AT_DEADLINE = Path(__file__).resolve().parents[1] / "at_deadline.py"
UTILS = PROJECT / "plugins" / "module_utils"
PLACE = "/usr/local/lib/at-deadline"
TIMES = 40


def test_a_second_change_while_one_is_pending(old: str) -> None:
    change_id = arm(timeout=600)
    new = table()
    second = run_playbook(CHANGE, variables=change(2000))
    assert second.failed["core"] == 1 and change_id in second.output, second.output
    assert table() == new, "the first one isn't touched"
    assert settle(change_id, "rolled_back").ok and table() == old


def test_two_changes_at_once_each_of_which_is_confirmed(old: str) -> None:
    ports = (2000, 2001)
    runs = [start_playbook(CHANGE, variables=change(port, timeout=30)) for port in ports]
    done = [finished(process) for process in runs]
    assert any(one.ok for one in done), [one.output for one in done]
    for one in done:
        assert one.ok or "is pending" in words(one) or "another change" in words(one), one.output
    (port,) = [port for port in ports if str(port) in table()]
    newest = nodes.read_file("core", f"{STORE}/confirmed/{max(journal('confirmed'))}/candidate.nft")
    assert newest is not None and str(port) in newest, "what is in force is what was confirmed last"
    go_back()


def test_eight_changes_at_once(old: str) -> None:
    """One is applied, whole; the others are refused."""
    ports = range(2000, 2008)
    runs = [start_playbook(CHANGE, variables=change(port, confirm="later", timeout=600)) for port in ports]
    done = [finished(process) for process in runs]
    refused = [one for one in done if not one.ok]
    assert len(refused) == 7, [one.output for one in done]
    for one in refused:
        assert "is pending" in words(one) or "another change" in words(one), one.output
    (change_id,) = journal("pending")
    (port,) = [port for port in ports if str(port) in table()]
    candidate = nodes.read_file("core", f"{STORE}/pending/{change_id}/candidate.nft")
    assert candidate is not None and str(port) in candidate
    assert settle(change_id, "rolled_back").ok and table() == old


def test_confirmed_within_20_ms_of_the_deadline(old: str) -> None:
    """The modules' own code, on the host, against its systemd: no connection is as exact as that."""
    package = f"{PLACE}/ansible_collections/pacs/hardening/plugins/module_utils"
    for path in sorted(UTILS.rglob("*.py")):
        target = f"{package}/{path.relative_to(UTILS)}"
        nodes.run("core", ["/bin/mkdir", "-p", target.rpartition("/")[0]], check=True)
        nodes.write_file("core", target, path.read_bytes())
    program = AT_DEADLINE.read_text(encoding="utf-8")
    done = nodes.run(
        "core", ["/usr/bin/python3", "-", str(TIMES)], input=program, env={"PYTHONPATH": PLACE}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    print(outcomes)
    assert sum(outcomes.values()) == TIMES and min(outcomes.values()) >= TIMES // 20, outcomes
    nodes.run("core", ["/bin/rm", "-r", PLACE], check=True)
    go_back()
