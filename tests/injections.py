"""Kill or freeze a module on a node of the lab at a step of the test's choice, or show it another wall clock."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import one_change

from lab import nodes
from playbooks import family, start_playbook

_PROGRAM = Path(__file__).with_name("at_step.py")
_ORDER, _REACHED = "/run/at-step", "/run/at-step.reached"
_WHERE = "import site; print(site.getsitepackages()[0])"

#: Before which steps nft_ruleset is stopped. What follows the first load of a script is that the rules are read back.
MOMENTS: Mapping[str, tuple[str, ...]] = {
    "after the journal is written": ("systemd-run",),
    "after the switch is armed": ("systemd-run", ""),
    "after the rules are applied": ("systemd-run", "'-f'", ""),
}
#: The same of nft_change, around the rename that confirms.
CONFIRMING: Mapping[str, tuple[str, ...]] = {
    "before it is confirmed": ("/nft/confirmed/",),
    "after it is confirmed": ("/nft/confirmed/", ""),
}


@contextmanager
def injecting(node: str) -> Iterator[None]:
    """Meanwhile the Pythons of a node obey orders."""
    folder = nodes.run(node, ["/usr/bin/python3", "-c", _WHERE], check=True).stdout.strip()
    nodes.write_file(node, f"{folder}/at_step.py", _PROGRAM.read_bytes())
    nodes.write_file(node, f"{folder}/at_step.pth", "import at_step\n")
    try:
        yield
    finally:
        withdraw(node)
        nodes.run(node, ["/bin/rm", f"{folder}/at_step.py", f"{folder}/at_step.pth"], check=True)


def order(node: str, **what: Any) -> None:
    """See at_step.py."""
    withdraw(node)
    nodes.write_file(node, _ORDER, json.dumps(what))


def withdraw(node: str) -> None:
    """Nothing more is done to anybody."""
    nodes.run(node, ["/bin/rm", "-f", _ORDER, _REACHED], check=True)


def reached(node: str, seconds: int = 60) -> str:
    """Wait until somebody is stopped; its process id in the node."""
    wait = f"for i in $(seq {seconds * 20}); do [ -s {_REACHED} ] && exec cat {_REACHED}; sleep 0.05; done; exit 1"
    return nodes.run(node, ["/bin/sh", "-c", wait], timeout=seconds + 10, check=True).stdout


def kill_with_controller(steps: tuple[str, ...], variables: Mapping[str, Any]) -> None:
    """Make a change, and have the module die before the last of the steps, and with it the controller: nobody is left
    but the host itself.
    """
    order("core", steps=steps, then="freeze")
    process = start_playbook(one_change.CHANGE, variables=variables)
    module = reached("core")
    # The controller stands still first, else it would ask the host at once what became of its module.
    controller = family(process)
    for one in controller:
        os.kill(one, signal.SIGSTOP)
    nodes.run("core", ["/bin/kill", "-KILL", module], check=True)
    for one in controller:
        os.kill(one, signal.SIGKILL)
    process.communicate(timeout=30)
