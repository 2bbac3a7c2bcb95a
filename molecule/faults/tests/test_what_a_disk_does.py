"""Files as a power cut may leave them, and a disk without room."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from one_change import (
    CHANGE,
    MARK,
    STORE,
    answers,
    arm,
    await_rules,
    change,
    go_back,
    journal,
    settle,
    table,
    words,
)

from lab import nodes
from playbooks import run_playbook

DAMAGE = {
    "missing": "rm {file}",
    "empty": "truncate -s 0 {file}",
    "cut in half": "truncate -s $(($(stat -c %s {file}) / 2)) {file}",
    "full of zeros": "size=$(stat -c %s {file}) && head -c $size /dev/zero >{file}",
}
# One, and all of them; tests/kernel damages each one.
FILES = ("previous.nft", "*")


def node(script: str) -> None:
    nodes.run("core", ["/bin/sh", "-e", "-c", script], check=True)


def test_a_power_cut_while_a_change_waits_damages_its_files(old: str) -> None:
    change_id = arm(timeout=600)
    folder = f"{STORE}/pending/{change_id}"
    node(f"cp -a {STORE} /root/saved")
    for kind, damage in DAMAGE.items():
        for name in FILES:
            # As it was when the change waited, but for what the disk has lost.
            node(f"rm -r {STORE} && cp -a /root/saved {STORE} && nft -f {folder}/candidate.nft")
            assert str(MARK) in table()
            node(f"for one in {folder}/{name}; do {damage.format(file='$one')}; done")
            nodes.kill("core")
            nodes.start("core")
            assert table() == old and not journal("pending") and answers(), (kind, name)
    node("rm -r /root/saved")
    assert not go_back().failed["core"] and table() == old, "and Ansible finds its way"


def test_a_power_cut_damages_the_rules_that_were_confirmed_last(old: str) -> None:
    done = run_playbook(CHANGE, variables=change())
    assert done.ok, done.output
    new, newest = table(), max(journal("confirmed"))
    node(f"cp -a {STORE} /root/saved")
    for kind, damage in DAMAGE.items():
        node(damage.format(file=f"{STORE}/confirmed/{newest}/candidate.nft"))
        nodes.kill("core")
        nodes.start("core")
        assert table() == old and not journal("pending") and answers(), kind
        said = nodes.run("core", ["/usr/local/sbin/pacs-firewall", "status"]).stdout
        assert "LOADED OLDER RULES" in said, said
        node(f"rm -r {STORE} && cp -a /root/saved {STORE}")
    nodes.kill("core")
    nodes.start("core")
    assert table() == new, "the control: undamaged they are loaded"
    node("rm -r /root/saved")
    go_back()


@pytest.fixture
def disk() -> Iterator[Callable[[], None]]:
    """The journal on a small disk of its own, which the value fills."""
    folder = STORE.rpartition("/")[0]
    node(f"cp -a {folder} /root/kept && mount -t tmpfs -o size=4m,mode=0700 small {folder}")
    node(f"cp -a /root/kept/. {folder}")

    def fill() -> None:
        filled = nodes.run("core", ["/bin/sh", "-c", f"head -c 5000000 /dev/zero >{folder}/filler"])
        assert "No space left" in filled.stderr, filled

    yield fill
    node(f"rm -rf {folder}/filler /root/kept && cp -a {folder} /root/kept && umount {folder}")
    node(f"rm -r {folder} && mv /root/kept {folder}")


def test_the_disk_is_full_before_the_change(old: str, disk: Callable[[], None]) -> None:
    disk()
    done = run_playbook(CHANGE, variables=change())
    assert done.failed["core"] == 1 and "No space left" in words(done), done.output
    assert "Traceback" not in done.output
    assert table() == old and not journal("pending")


def test_the_disk_becomes_full_while_a_change_waits_and_nobody_confirms(old: str, disk: Callable[[], None]) -> None:
    arm(timeout=6)
    disk()
    assert str(MARK) in table()
    await_rules(old, 20)


def test_the_disk_becomes_full_while_a_change_waits_and_it_is_confirmed(old: str, disk: Callable[[], None]) -> None:
    change_id = arm(timeout=30)
    new = table()
    disk()
    done = settle(change_id, "confirmed")
    assert done.ok and table() == new and journal("pending") == set(), done.output
    node(f"rm {STORE.rpartition('/')[0]}/filler")
    go_back()
