"""A host for the tests of apply, confirm and roll back: the real kernel and nft, in network and mount namespaces of its
own, where nothing of the machine's rules or systemd is seen. Test code runs in a process of its own there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

NEEDS = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes a network and a mount namespace"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
]

PRELUDE = """
import dataclasses, os, subprocess, sys, time
from pathlib import Path
BASE = "ansible_collections.pacs.hardening.plugins.module_utils."
import importlib
def load(name):
    return importlib.import_module(BASE + name)
ruleset, confirmation, journal_module = load("_io.ruleset"), load("_io.confirmation"), load("_io.journal")
systemd = load("_io.systemd")
layout_module, errors, text = load("_nft.layout"), load("_nft.errors"), load("_nft.text")
ROOT = Path(sys.argv[1])
LAYOUT = layout_module.Layout(f"{ROOT}/var/nft", f"{ROOT}/run", f"{ROOT}/sbin/pacs-firewall", f"{ROOT}/units")
JOURNAL = journal_module.Journal(LAYOUT)
NFT = load("_io.nft").Nft.find()
def nft(*arguments):
    return subprocess.run(["nft", *arguments], check=True, capture_output=True, text=True).stdout
def rules(port, more=""):
    return f'''table inet pacs {{
  set flows {{ type ipv4_addr . inet_service; counter; elements = {{ 10.0.0.2 . {port}, 10.0.0.1 . {port} }}; }}
  set networks {{ type ipv4_addr; flags interval; elements = {{ 10.2.0.0/24, 10.1.0.0/16 }}; }}
  set seen {{ type ipv4_addr; size 16; flags dynamic,timeout; timeout 1h; }}
  chain input {{
    type filter hook input priority filter; policy drop;
    ct state vmap {{ established : accept, related : accept, invalid : drop }}
    {more}
    ip daddr . tcp dport @flows counter accept
    ct state new add @seen {{ ip saddr }}
  }}
}}
'''
def apply(content, check=False, table="inet pacs", **options):
    request = dict(confirm_timeout=0, warm_up=0, keep=3, **options)
    return ruleset.apply_ruleset(ruleset.Request(table, content, **request), check, LAYOUT)
def listing(table="inet pacs"):
    return nft("-s", "list", "table", *table.split())
def files_now():
    return sorted((str(path), path.stat().st_mtime_ns) for path in ROOT.rglob("*"))
def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except errors.HardeningError as error:
        return error
    raise AssertionError("not refused")
def armed(port, seconds=60.0):
    # A pending change, applied, as a killed module leaves it.
    previous = nft("list", "table", "inet", "pacs")
    meant = text.digest(load("_nft.canonical").canonical(NFT.evaluate(rules(port), "inet pacs")[0]))
    change = load("_nft.change").Change(JOURNAL.new_id(), "inet pacs", "present", text.digest(rules(port)), meant,
        journal_module.utc(), journal_module.boottime() + seconds, journal_module.utc(seconds), 3)
    JOURNAL.write(change, text.replace_script("inet pacs", previous), text.replace_script("inet pacs", rules(port)))
    nft("-f", f"{LAYOUT.change('pending', change.id)}/candidate.nft")
    return change.id
def boot():
    # As after a power cut: no rules, nothing in /run, no timers.
    nft("flush", "ruleset")
    subprocess.run(["rm", "-rf", LAYOUT.run], check=True)
    return tool("boot")
def pretend_systemd():
    # The lab's containers have the real one; here its answers are that every timer waits, and none ever ends.
    for name in ("is_running", "is_armed", "boot_unit_enabled"):
        setattr(systemd, name, lambda *_arguments: True)
    for name in ("arm", "disarm", "reload_units", "enable_boot_unit"):
        setattr(systemd, name, lambda *_arguments: None)
    systemd.run_boot_unit = lambda: tool("boot")
def own_switch():
    # In place of systemd's timer: a process of our own that waits and runs the tool, and can be seen and stopped.
    pretend_systemd()
    armed_now = {}
    def arm(change_id, seconds, program):
        command = ["sh", "-c", 'sleep "$1" && exec "$2" rollback "$3"', "sh", f"{seconds:.3f}", program, change_id]
        armed_now[change_id] = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    def disarm(change_id):
        if change_id in armed_now:
            armed_now[change_id].kill(); armed_now[change_id].wait()
    systemd.arm, systemd.disarm = arm, disarm
    systemd.is_armed = lambda change_id: change_id in armed_now and armed_now[change_id].poll() is None
    return armed_now
def tool(*arguments):
    return subprocess.run([LAYOUT.tool, *arguments], capture_output=True, text=True, check=False)
"""


# For ``before``: rules with a memory and an opening, as this collection compiles them.
WATCHING = '''
import json, re
def watching(port, memory="ipv4_addr . ipv4_addr . inet_proto . inet_service", size=65535, opened=True):
    return f"""table inet pacs {{
  set undeclared4 {{
    type {memory}; size {size}; flags dynamic,timeout; timeout 30d; counter; }}
  {"set opened { type inet_proto; flags timeout; }" if opened else ""}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    tcp dport {port} accept
    {"meta l4proto @opened accept" if opened else ""}
    {"update @undeclared4 { ip saddr . ip daddr . meta l4proto . th dport }" if "inet_service" in memory else ""}
  }}
}}
"""
CT = "198.18.20.11 . 198.18.30.10 . tcp . 104"
def add(name, *elements):
    nft("add element inet pacs " + name + " { " + ", ".join(elements) + " }")
def held(name):
    """Key -> (remaining seconds, packets, comment) of each element."""
    listed = json.loads(nft("-j", "list", "set", "inet", "pacs", name))["nftables"][1]["set"]
    found = {}
    for item in (one["elem"] for one in listed.get("elem", [])):
        key = item["val"]
        key = " . ".join(map(str, key["concat"])) if isinstance(key, dict) else str(key)
        found[key] = (item.get("expires"), item.get("counter", {}).get("packets"), item.get("comment"))
    return found
def filled():
    apply(watching(104))
    add("undeclared4", CT + " counter packets 12 bytes 720 expires 10d",
        "198.18.20.12 . 198.18.30.10 . udp . 53 counter packets 1 bytes 60 timeout 20d expires 5d")
    add("opened", 'tcp timeout 40s comment "a reason, with a comma"', "udp timeout 40s expires 20s", "icmp timeout 2s")
    return held("undeclared4"), held("opened")
def only_shrunk(before, after, at_most):
    assert after and set(after) <= set(before), (before, after)
    for key, (left, packets, comment) in after.items():
        assert before[key][1:] == (packets, comment), (before, after)
        assert before[key][0] - at_most <= left <= before[key][0], (key, before, after)
'''


def run(tmp_path: Path, code: str, before: str = "", timeout: float = 120) -> str:
    """Run test code as root in namespaces of its own, after the definitions in ``before``; what it printed."""
    script = tmp_path / "code.py"
    script.write_text(PRELUDE + before + textwrap.dedent(code))
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    done = subprocess.run(
        [
            "unshare", "-n", "-m", "sh", "-c",
            'mount -t tmpfs none /run && exec "$0" "$@"',
            sys.executable, str(script), str(root),
        ],
        env={**os.environ, "PYTHONPATH": str(PROJECT / ".cache" / "collections")},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
