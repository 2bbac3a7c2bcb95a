"""One change of the lab's internal firewall, made by Ansible over SSH through ops1, and what must be true after it."""

from __future__ import annotations

import json
import time
from typing import Any

from sites import lab_site

from lab import nodes, probes
from lab.listing import settled
from playbooks import PROJECT, PlaybookRun, run_playbook, summarise

CHANGE = PROJECT / "molecule" / "shared" / "change.yml"
SETTLE = PROJECT / "molecule" / "shared" / "settle.yml"
RULESET = PROJECT / "molecule" / "shared" / "ruleset.yml"
STORE = "/var/lib/pacs-hardening/nft"
SSH = [probe for probe in probes.matrix() if (probe.source, probe.target, probe.port) == ("ops1", "core", 22)]
# Nobody else has this port: that it stands in the rules shows that the change is in force.
MARK = 54321


def changed_site(*ports: int) -> dict[str, Any]:
    """The lab's site with one conduit more, to port MARK or to ``ports``."""
    site = lab_site()
    conduit = {"from": "ops1", "to": "pacs1", "protocol": "tcp", "ports": list(ports or [MARK]), "reason": "a change"}
    site["conduits"] = [conduit]
    return site


def change(*ports: int, **variables: Any) -> dict[str, Any]:
    """Extra variables of CHANGE: confirm, timeout, warm_up, confirmed_later."""
    return {"pacs_site": changed_site(*ports)} | {f"change_{name}": value for name, value in variables.items()}


def go_back() -> PlaybookRun:
    """Have Ansible apply the rules that the lab declares."""
    done = run_playbook(CHANGE, variables={"pacs_site": lab_site()})
    assert done.ok, done.output
    return done


def arm(*ports: int, timeout: int) -> str:
    """Put a change in force that waits for its confirmation: its id."""
    done = run_playbook(CHANGE, variables=change(*ports, confirm="later", timeout=timeout))
    assert done.ok and done.changed["core"] == 1, done.output
    (change_id,) = journal("pending")
    return change_id


def settle(change_id: str, state: str) -> PlaybookRun:
    """Have Ansible confirm a change (``confirmed``), take it back (``rolled_back``) or ask (``waiting``)."""
    return run_playbook(SETTLE, variables={"change_id": change_id, "change_state": state})


def table() -> str:
    """Our table as it stands in the kernel, without what changes there by itself; empty if there is none."""
    listed = nodes.run("core", ["/usr/sbin/nft", "list", "table", "inet", "pacs"])
    if listed.returncode == 0:
        return settled(listed.stdout)
    # It may go at any moment, so that there is none is asked afterwards.
    tables = nodes.run("core", ["/usr/sbin/nft", "list", "tables"], check=True).stdout
    assert "table inet pacs\n" not in tables, listed.stderr
    return ""


def journal(state: str) -> set[str]:
    """The ids of the changes in a state."""
    listed = nodes.run("core", ["/usr/bin/find", STORE, "-mindepth", "2", "-maxdepth", "2", "-path", f"*/{state}/*"])
    return {line.rpartition("/")[2] for line in listed.stdout.splitlines()}


def written(state: str, change_id: str) -> dict[str, Any]:
    """What the journal says of a change (its change.json)."""
    text = nodes.read_file("core", f"{STORE}/{state}/{change_id}/change.json")
    assert text is not None, f"{change_id} is not {state}"
    document: dict[str, Any] = json.loads(text)
    return document


def await_rules(old: str, seconds: float) -> float:
    """Wait until the old rules are in force and nothing is pending; how long it took."""
    began = time.monotonic()
    while table() != old or journal("pending"):
        assert time.monotonic() - began < seconds, "the old rules didn't come back"
        time.sleep(0.1)
    return time.monotonic() - began


def answers() -> bool:
    """Does the firewall answer its administrators on new connections, in both families?"""
    return all(result.outcome == "open" for result in probes.run(SSH))


def at_rest() -> str:
    """The rules in force, of which MARK is no part; nothing is pending, and new SSH connections are answered."""
    rules = table()
    assert rules and str(MARK) not in rules and answers() and not journal("pending")
    return rules


def assert_unharmed(before: str) -> None:
    """The rules from before are in force, nothing is pending, and new SSH connections are answered."""
    assert table() == before
    assert not journal("pending")
    assert answers()


def words(done: PlaybookRun) -> str:
    """The output on one line: Ansible wraps it."""
    return " ".join(done.output.split())


def finished(process: Any) -> PlaybookRun:
    """What came of a playbook that was started."""
    output, _errors = process.communicate(timeout=300)
    return summarise(process.returncode, output)


def power_cut() -> None:
    """The firewall loses its power, and gets it back."""
    nodes.kill("core")
    nodes.start("core")
