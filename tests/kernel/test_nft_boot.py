"""What is in force after a boot: the newest confirmed rules, and step by step less where those are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, run

pytestmark = NEEDS

FALLBACK = """
FALLBACK = '''table inet pacs {
  comment "the fallback"
  chain forward { type filter hook forward priority filter; policy drop; }
  chain input { type filter hook input priority filter; policy drop; tcp dport 22 accept; }
}
'''
def spoil(state, change_id, name, content):
    Path(LAYOUT.change(state, change_id), name).write_text(content)
def confirmed():
    return sorted(os.listdir(LAYOUT.state("confirmed")))
"""


def on_host(tmp_path: Path, code: str) -> str:
    return run(tmp_path, code, before=FALLBACK)


def test_the_newest_confirmed_then_older_then_the_fallback_then_the_emergency_rules(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104), fallback=FALLBACK); old = listing(); apply(rules(105), fallback=FALLBACK); good = listing()
        apply(rules(7).replace("inet pacs", "inet pacs_observe"), table="inet pacs_observe")
        change_id = armed(4242)
        done = boot()
        assert done.returncode == 0 and listing() == good and "pacs_observe" in nft("list", "tables")
        assert JOURNAL.state_of(change_id) == "rolled_back" and os.path.exists(LAYOUT.booted)
        assert not os.path.exists(LAYOUT.notice)
        older, newest = confirmed()[:2]
        # Good nft that an older kernel refuses looks the same to the tool: whole, and it doesn't load.
        spoil("confirmed", newest, "candidate.nft", text.seal("table inet pacs\\ndelete table inet pacs\\nnonsense\\n"))
        done = boot()
        assert done.returncode == 0 and "LOADED OLDER RULES" in done.stderr and listing() == old
        assert "LOADED OLDER RULES" in Path(LAYOUT.notice).read_text()
        spoil("confirmed", older, "candidate.nft", "table inet pacs\\n")
        done = boot()
        assert done.returncode == 1 and "FALLBACK RULES" in done.stderr and "the fallback" in listing(), done
        for change_id in (older, newest):
            spoil("confirmed", change_id, "fallback.nft", "")
        done = boot()
        assert done.returncode == 1 and "EMERGENCY RULES" in done.stderr and "only SSH (port 22) gets in" in done.stderr
        assert listing().count("policy drop") == 2
        # The next run finds that the books are damaged, and writes them anew.
        assert apply(rules(105), fallback=FALLBACK).changed and not os.path.exists(LAYOUT.notice)
        assert boot().returncode == 0 and listing() == good
        """,
    )


@pytest.mark.parametrize("cut", ["", "table inet pacs\\n", "table inet pacs\\ndelete table inet pacs\\n"])
def test_a_script_that_was_cut_short_is_never_loaded(tmp_path: Path, cut: str) -> None:
    """Each of these is good nft: it would leave the new rules in force, or no rules at all."""
    on_host(
        tmp_path,
        f"""
        apply(rules(104)); good = listing()
        change_id = armed(4242)
        spoil("pending", change_id, "previous.nft", "{cut}")
        done = tool("rollback", change_id)
        assert done.returncode == 0 and "damaged" in done.stderr and listing() == good, done
        spoil("confirmed", confirmed()[0], "candidate.nft", "{cut}")
        assert "EMERGENCY" in boot().stderr and "policy drop" in listing()
        """,
    )


def test_nobody_is_locked_out_by_the_emergency_rules(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        import socket
        apply(rules(104))
        for path in Path(LAYOUT.state("confirmed")).glob("*/candidate.nft"):
            path.unlink()
        def ip(*lines):
            for line in lines:
                subprocess.run(["ip", *line.split()], check=True)
        ip("netns add peer", "link add here type veth peer name there netns peer", "link set here up", "link set lo up",
           "address add 10.9.0.1/24 dev here", "-n peer address add 10.9.0.2/24 dev there", "-n peer link set there up")
        listeners = [socket.create_server(("10.9.0.1", port)) for port in (22, 80)]
        CONNECT = "import socket, sys; socket.create_connection(('10.9.0.1', int(sys.argv[1])), 1)"
        def gets_in(port):
            command = ["ip", "netns", "exec", "peer", sys.executable, "-c", CONNECT, str(port)]
            return subprocess.run(command, check=False, capture_output=True).returncode == 0
        nft("flush", "ruleset")
        assert gets_in(22) and gets_in(80)
        boot()
        assert gets_in(22) and not gets_in(80)
        """,
    )


def test_a_read_only_disk_at_boot_is_no_reason_to_forward_everything(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104)); good = listing(); change_id = armed(4242)
        subprocess.run(["mount", "--bind", f"{ROOT}/var", f"{ROOT}/var"], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", f"{ROOT}/var"], check=True)
        done = boot()
        assert done.returncode == 1 and listing() == good, done
        """,
    )


def test_restarting_the_unit_never_replaces_good_rules_by_a_fallback(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104), fallback=FALLBACK); good = listing()
        for change_id in confirmed():
            spoil("confirmed", change_id, "candidate.nft", "")
        done = tool("boot")
        assert done.returncode == 1 and "NO CONFIRMED RULES" in done.stderr and listing() == good
        """,
    )


def test_a_fallback_alone_touches_no_rules(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104)); handles = nft("-a", "list", "ruleset")
        planned = apply(rules(104), check=True, fallback=FALLBACK)
        assert planned.changed and "# fallback: none" in planned.before and "the fallback" in planned.after
        done = apply(rules(104), fallback=FALLBACK)
        assert done.changed and done.change_id is None and (done.before, done.after) == (planned.before, planned.after)
        assert not apply(rules(104), fallback=FALLBACK).changed and not apply(rules(104)).changed
        assert handles == nft("-a", "list", "ruleset")
        other = FALLBACK.replace("dport 22", "dport 2222")
        assert apply(rules(104), fallback=other).changed and handles == nft("-a", "list", "ruleset")
        assert "2222" in Path(LAYOUT.change("confirmed", confirmed()[0]), "fallback.nft").read_text()
        """,
    )


def test_a_fallback_that_forwards_or_does_not_load_is_refused(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        open_one = FALLBACK.replace("hook forward priority filter; policy drop", "hook forward priority filter")
        for bad, why in ((open_one, "open forwarder"), (FALLBACK + "flush ruleset", "fallback: ruleset line"),
                         (FALLBACK.replace("tcp dport", "blah"), "fallback: nft refuses")):
            assert why in str(refused(apply, rules(104), fallback=bad)), why
            assert why in str(refused(apply, rules(104), check=True, fallback=bad)), why
        assert not files_now() and "pacs" not in nft("list", "tables")
        """,
    )
