"""From the deadline of a change that nobody confirms to the old rules, with 10,000 elements before and after it.

The product's own module code, tool and systemd timer, in a firewall of the lab; every rule that nobody can administer
is welcome, for it is undone. The node is made anew afterwards.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator

from benchmarks.measure import Line, NotMeasured, at_most, interleaved, number
from benchmarks.packages import PROJECT
from benchmarks.policies import policy

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from lab import nodes
from lab.lifecycle import up

_HOST, _FLOWS = "core", 10_000
_SECONDS = at_most(1)
_WORK = "/root/benchmark"
_MARK = "counter benchmark_mark { }"
#: In the node. CLOCK_BOOTTIME on both sides: the deadline is on it.
_GUEST = """
import json, subprocess, sys, time
sys.path.insert(0, "/root/benchmark")
from ansible_collections.pacs.hardening.plugins.module_utils._io.ruleset import apply_ruleset
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request
texts = json.load(sys.stdin)
layout = Layout()
apply_ruleset(Request("inet pacs", texts["old"], 0, 0, 3), False, layout)
done = apply_ruleset(Request("inet pacs", texts["new"], 4, 0, 3), False, layout)
with open(f"{layout.change('pending', done.change_id)}/change.json") as file:
    deadline = json.load(file)["deadline"]
mark = ["nft", "list", "counter", "inet", "pacs", "benchmark_mark"]
assert subprocess.run(mark, capture_output=True).returncode == 0, "the new rules are in force"
while time.clock_gettime(time.CLOCK_BOOTTIME) < deadline + 30:
    if subprocess.run(mark, capture_output=True).returncode:
        break
seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - deadline
old = [*mark[:-1], "undeclared_forward"]
assert subprocess.run(old, capture_output=True).returncode == 0, "the old rules are in force"
print(json.dumps(seconds))
"""


def lines() -> Iterator[Line]:
    """Seconds from the deadline until the old rules are in force."""
    if not nodes.is_running(_HOST):
        raise NotMeasured("the lab isn't up: PYTHONPATH=tests python -m lab up")
    old = render(policy(_FLOWS))
    texts = json.dumps({"old": old, "new": old.replace("{\n", f"{{\n\t{_MARK}\n", 1)})
    try:
        if nodes.run(_HOST, ["/bin/sh", "-c", "command -v nft || apt-get install --yes nftables"]).returncode:
            raise NotMeasured(f"nft can't be installed on {_HOST}")
        nodes.run(_HOST, ["/bin/mkdir", "-p", _WORK], check=True)
        nodes.write_file(_HOST, f"{_WORK}/code.tar", _code())
        nodes.run(_HOST, ["/bin/tar", "-xf", f"{_WORK}/code.tar", "-C", _WORK], check=True)
        found = interleaved({"rollback": lambda: _rollback(texts)})
    finally:
        up(lambda _text: None, fresh=(_HOST,))
    yield number(f"from the deadline to the old rules, {_FLOWS:,} flows", found["rollback"], " s", _SECONDS)


def _rollback(texts: str) -> float:
    done = nodes.run(_HOST, ["/usr/bin/python3", "-c", _GUEST], input=texts, timeout=120)
    if done.returncode:
        raise NotMeasured(f"the change failed on {_HOST}: {done.stderr.strip()[-300:]}")
    return float(done.stdout)


def _code() -> bytes:
    """What a module has with it when Ansible runs it on a host."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        utils = "plugins/module_utils"
        archive.add(PROJECT / utils, f"ansible_collections/pacs/hardening/{utils}", filter=_no_cache)
    return made.getvalue()


def _no_cache(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else entry
