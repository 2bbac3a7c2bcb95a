"""What a person at the console can do with pacs-firewall, without Ansible and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, WATCHING, run

pytestmark = NEEDS

CONSOLE = (
    WATCHING
    + """
import json
def says(*arguments, status=0):
    done = tool(*arguments)
    assert done.returncode == status, (arguments, done)
    return done.stdout + done.stderr
def records():
    return [json.loads(line) for line in Path(LAYOUT.journal, "openings.log").read_text().splitlines()]
def ip(*lines):
    for line in lines:
        subprocess.run(["ip", *line.split()], check=True)
"""
)


def on_host(tmp_path: Path, code: str) -> str:
    return run(tmp_path, code, before=CONSOLE)


def test_status_in_plain_words(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(None)
        apply(rules(1)); apply(None)
        assert "Rules      NONE" in says("status")
        apply(watching(104)); add("undeclared4", CT, "10.0.0.1 . 10.0.0.2 . tcp . 1")
        text_now = says("status")
        for line in ("Rules      ENFORCING: what isn't declared is cut", "Opening    none",
                     "Memory     2 undeclared connections seen", "loaded at the next start"):
            assert line in text_now, text_now
        assert "Pending" not in text_now and "ATTENTION" not in text_now
        apply(watching(104).replace("policy drop", "policy accept"))
        assert "Rules      WATCHING: nothing is cut" in says("status")
        change_id = armed(4242, seconds=90)
        text_now = says("status")
        assert f"Pending    change {change_id} of table inet pacs isn't confirmed, and NOTHING UNDOES IT" in text_now
        says("undo"); assert "Pending" not in says("status")
        nft("add", "table", "inet", "pacs"); nft("delete", "table", "inet", "pacs"); nft("add", "table", "inet", "pacs")
        assert "Rules      UNKNOWN" in says("status")
        """,
    )


def test_status_says_what_was_wrong_at_the_start(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(watching(104))
        for path in Path(LAYOUT.state("confirmed")).glob("*/candidate.nft"):
            path.write_text("")
        boot()
        assert "ATTENTION  EMERGENCY RULES: nothing is forwarded any more" in says("status")
        assert "have no set `opened`" in says("open", "--for", "5m", "--reason", "x", status=1)
        """,
    )


def test_undo_takes_back_what_is_pending_and_else_the_newest_change(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        assert not os.path.exists(LAYOUT.tool)
        apply(rules(1)); first = listing()
        assert "nothing to go back to" in says("undo", status=1) and listing() == first
        apply(rules(2)); second = listing(); apply(rules(3)); third = listing()
        nft("add element inet pacs flows { 10.0.0.9 . 22 }"); apply(rules(3))   # the same rules again: no way back
        change_id = armed(4242)
        assert "rules from before it are in force again" in says("undo") and listing() == third
        assert JOURNAL.state_of(change_id) == "rolled_back"
        told = says("undo")
        assert listing() == second and "in force again" in told
        entries = [entry for entry in JOURNAL.entries() if entry.state == "confirmed"]
        newest = max(entries, key=lambda entry: entry.id)
        assert newest.id in told and newest.id > change_id and newest.change.deadline is None
        assert newest.change.id == newest.id and newest.change.text_sha256 == text.digest(rules(2))
        assert boot().returncode == 0 and listing() == second, "it is loaded at boot"
        assert not apply(rules(2)).changed, "and Ansible sees nothing to do"
        # Once more: to what was in force before, which now is the third again.
        says("undo"); assert listing() == third
        """,
    )


def test_undo_keeps_openings_and_memory(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(watching(104)); apply(watching(105)); add("undeclared4", CT + " counter packets 3 bytes 3")
        says("open", "--for", "10m", "--reason", "a test")
        memory, openings = held("undeclared4"), held("opened")
        says("undo")
        assert "dport 104" in listing()
        only_shrunk(memory, held("undeclared4"), 4); only_shrunk(openings, held("opened"), 4)
        assert len(held("opened")) == 8
        """,
    )


def test_undo_on_a_full_disk_mends_the_rules_and_says_what_is_missing(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(1)); first = listing(); apply(rules(2))
        subprocess.run(["cp", "-a", f"{ROOT}/var", f"{ROOT}/copy"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k,mode=0700", "none", f"{ROOT}/var"], check=True)
        subprocess.run(f"cp -a {ROOT}/copy/. {ROOT}/var/", shell=True, check=True)
        try:
            Path(f"{ROOT}/var/filler").write_bytes(b"x" * 10**6)
        except OSError:
            pass
        assert "journal can't be written" in says("undo", status=1) and listing() == first
        os.unlink(f"{ROOT}/var/filler")
        says("undo"); assert listing() == first and not apply(rules(1)).changed
        """,
    )


def test_an_opening_lets_everything_pass_for_a_while_and_no_longer(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        import atexit
        for number in (1, 2):
            ip(f"netns add peer{number}", f"link add side{number} type veth peer name eth0 netns peer{number}",
               f"link set side{number} up", f"address add 10.9.{number}.1/24 dev side{number}",
               f"-n peer{number} address add 10.9.{number}.2/24 dev eth0", f"-n peer{number} link set eth0 up",
               f"-n peer{number} route add default via 10.9.{number}.1")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        SERVE = "import socket; s = socket.create_server(('10.9.2.2', 80)); print('up', flush=True)"
        SERVE += "; [s.accept() for _ in range(99)]"
        CONNECT = "import socket; socket.create_connection(('10.9.2.2', 80), 1)"
        def inside(number, code, **options):
            return subprocess.Popen(["ip", "netns", "exec", f"peer{number}", sys.executable, "-c", code], **options)
        server = inside(2, SERVE, stdout=subprocess.PIPE); server.stdout.readline(); atexit.register(server.kill)
        def passes():
            return inside(1, CONNECT, stderr=subprocess.DEVNULL).wait() == 0
        assert passes(), "the control: there were no rules yet"
        apply(watching(104))
        assert not passes()
        told = says("open", "--for", "2h", "--reason", 'CT 2 "hangs"' + chr(92) + " since" + chr(10) + "noon")
        assert "passes now, for 2 h 0 min" in told and passes()
        shown = says("status")
        assert "EVERYTHING PASSES for another 1 h 59 min" in shown, shown
        assert "because: CT 2 'hangs'/ sincenoon" in shown, shown
        seen = load("_io.flows").firewall_flows(load("_io.host").Host(layout=LAYOUT), 20)["opening"]
        assert seen["reason"] == "CT 2 'hangs'/ sincenoon" and " on " in seen["by"] and seen["since"], seen
        assert 7000 < seen["seconds_left"] <= 7200 and {"tcp", "udp", "icmp"} <= set(seen["protocols"])
        # A new end replaces the old one, sooner or later than it was.
        says("open", "--for=20s", "--reason=shorter"); end = time.monotonic() + 20; assert passes()
        apply(watching(105)); assert passes() and max(left for left, *_ in held("opened").values()) < 20
        time.sleep(max(0, end - time.monotonic()))
        assert not passes() and "Opening    none" in says("status"), "and it ended by itself"
        says("open", "--for", "5m", "--reason", "again"); assert passes()
        assert "what isn't declared is cut again" in says("close") and not passes()
        assert "Nothing is open" in says("close")
        assert [(item["what"], item["reason"]) for item in records()] == [
            ("opened", "CT 2 'hangs'/ sincenoon"), ("opened", "shorter"), ("opened", "again"), ("closed", "")]
        assert all(item["by"] and item["at"] <= item["until"] for item in records())
        says("open", "--for", "5m", "--reason", "before a restart"); boot()
        assert not passes() and records()[-1]["what"] == "closed" and "restarted" in records()[-1]["reason"]
        boot(); assert records()[-2]["what"] == "opened", "said once"
        """,
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "for how long?"),
        (["--for", "30m"], "why?"),
        (["--for", "30m", "--reason", " "], "why?"),
        (["--for", "30m", "--reason"], "something must follow --reason"),
        (["--reason", "x"], "for how long?"),
        (["--for", "5h", "--reason", "x"], "4h at most"),
        (["--for", "241m", "--reason", "x"], "4h at most"),
        (["--for", "30", "--reason", "x"], "Say 30m or 30h"),
        (["--for", "030m", "--reason", "x"], "begins with a zero"),
        (["--for", "0m", "--reason", "x"], "begins with a zero"),
        (["--for", "-1m", "--reason", "x"], "no length of time"),
        (["--for", "1d", "--reason", "x"], "no length of time"),
        (["--for", "999999h", "--reason", "x"], "no length of time"),
        (["--for", "$(reboot)", "--reason", "x"], "no length of time"),
        (["--for", "30m", "--reason", "two", "words"], "'words' isn't understood"),
        (["30m"], "'30m' isn't understood"),
    ],
)
def test_an_opening_wants_to_know_how_long_and_why(tmp_path: Path, arguments: list[str], why: str) -> None:
    on_host(
        tmp_path,
        f"""
        apply(watching(104))
        told = says("open", *{arguments!r}, status=1)
        assert {why!r} in told and "use it like this: pacs-firewall open --for 30m --reason" in told, told
        assert not held("opened") and not os.path.exists(LAYOUT.journal + "/openings.log")
        """,
    )


def test_where_there_is_nothing_to_open(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        def opening():
            return says("open", "--for", "5m", "--reason", "x", status=1)
        apply(watching(104)); apply(None)
        assert "no table inet pacs on this host: we cut nothing" in opening()
        assert "Nothing is open" in says("close")
        apply(watching(104, opened=False))
        assert "have no set `opened`" in opening() and "pacs-firewall undo" in opening()
        apply(watching(104).replace("policy drop", "policy accept"))
        assert "only watch" in opening()
        assert not os.path.exists(LAYOUT.journal + "/openings.log")
        """,
    )


def test_a_full_disk_keeps_nobody_from_opening(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(watching(104))
        os.mkdir(LAYOUT.journal + "/openings.log")
        assert "THE DISK CAN'T BE WRITTEN" in says("open", "--for", "5m", "--reason", "x") and held("opened")
        """,
    )


def test_wrong_usage_explains_itself(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104))
        assert "pacs-firewall undo" in says("help") and "pacs-firewall undo" in says(status=1)
        assert "'opne' is no command" in says("opne", status=1)
        for command in ("status", "undo", "close"):
            assert f"use it like this: pacs-firewall {command}" in says(command, "now", status=1)
        script = Path(LAYOUT.tool).read_text()
        command = ["setpriv", "--reuid=65534", "sh", "-s", "status"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "only root" in done.stderr, done
        """,
    )
