"""Apply, confirm and roll back against the real kernel and the host's own nft, in a network namespace of its own.

systemd is hidden there (its part runs in the lab's containers), so changes are armed by hand where a test needs one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, run

pytestmark = NEEDS


def test_apply_then_nothing_to_do_and_no_write_at_all(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        nft("add table inet other"); nft("add counter inet other seen_packets")
        planned = apply(rules(104), check=True)
        assert planned.changed and not files_now() and "pacs" not in nft("list", "tables")
        done = apply(rules(104))
        assert done.changed and done.confirmed and done.after == planned.after, (done, planned)
        before, handles = files_now(), nft("-a", "list", "ruleset")
        again = apply(rules(104))
        assert not again.changed and again.before == again.after
        assert (before, handles) == (files_now(), nft("-a", "list", "ruleset"))
        assert "table inet other" in nft("list", "tables")
        """,
    )


def test_traffic_and_what_the_kernel_remembers_is_no_drift(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104))
        nft("add element inet pacs seen { 10.7.7.7 }")
        assert not apply(rules(104)).changed
        """,
    )


def test_drift_is_seen_and_repaired(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        for mistake in ("add element inet pacs flows { 10.0.0.9 . 22 }", "insert rule inet pacs input accept",
                        "add chain inet pacs input { policy accept ; }", "delete table inet pacs"):
            nft(mistake)
            assert apply(rules(104)).changed, mistake
            assert listing() == good
        """,
    )


def test_a_file_of_the_host_is_repaired_without_touching_the_rules(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); handles = nft("-a", "list", "ruleset")
        Path(LAYOUT.tool).write_text("#!/bin/sh\\n")
        done = apply(rules(104))
        assert done.changed and LAYOUT.tool in done.before and done.change_id is None
        assert "rollback" in Path(LAYOUT.tool).read_text() and handles == nft("-a", "list", "ruleset")
        """,
    )


def test_a_bad_ruleset_changes_nothing(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); before = files_now(), nft("-a", "list", "ruleset")
        nowhere = rules(104, more="tcp dport 22 jump nowhere")
        for bad in (nowhere, rules(104, more="blah"), rules(104) + "flush ruleset"):
            assert "line" in str(refused(apply, bad)) or "nft refuses" in str(refused(apply, bad))
        assert before == (files_now(), nft("-a", "list", "ruleset"))
        """,
    )


def test_absent(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        assert not apply(None).changed and not files_now()
        apply(rules(104))
        assert apply(None).changed and "pacs" not in nft("list", "tables")
        assert not apply(None).changed
        """,
    )


def test_a_change_whose_process_was_killed_is_undone_by_the_next_run(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        killed = armed(4242)
        assert "4242" in listing()
        done = apply(rules(104))
        assert killed in done.warnings[0] and listing() == good
        assert JOURNAL.state_of(killed) == "rolled_back" and not done.change_id
        """,
    )


def test_a_change_without_its_switch_can_not_be_confirmed(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        change_id = armed(4242)
        error = refused(confirmation.settle_change, change_id, "confirmed", False, LAYOUT)
        assert error.rolled_back and "safety switch" in str(error) and listing() == good
        """,
    )


def test_waiting_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        def wait(change_id):
            return confirmation.settle_change(change_id, "waiting", False, LAYOUT)
        apply(rules(104)); change_id = armed(4242); pretend_systemd()
        before = files_now(), nft("-a", "list", "ruleset")
        outcome = wait(change_id)
        assert outcome.state == "waiting" and not outcome.changed and 50 < outcome.seconds_left < 60, outcome
        nft("add element inet pacs flows { 10.0.0.9 . 22 }")
        error = refused(wait, change_id)
        assert not isinstance(error, errors.ApplyFailed) and "something else changed" in str(error)
        nft("delete element inet pacs flows { 10.0.0.9 . 22 }")
        systemd.is_armed = lambda *_arguments: False
        assert "safety switch is gone" in str(refused(wait, change_id))
        assert before == (files_now(), nft("-a", "list", "ruleset")), "whatever it found"
        pretend_systemd()
        assert confirmation.settle_change(change_id, "confirmed", False, LAYOUT).changed
        error = refused(wait, change_id)
        assert "confirmed already" in str(error) and not error.rolled_back
        change_id = armed(4243); tool("rollback", change_id)
        error = refused(wait, change_id)
        assert "rolled it back" in str(error) and error.rolled_back
        """,
    )


def test_another_program_that_flushes_while_pending_is_noticed(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        change_id = armed(4242)
        pretend_systemd()
        nft("flush ruleset")
        error = refused(confirmation.settle_change, change_id, "confirmed", False, LAYOUT)
        assert error.rolled_back and "something else changed" in str(error) and listing() == good
        """,
    )


def test_a_second_change_while_one_is_pending_is_refused(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104))
        change_id = armed(4242)
        pretend_systemd()
        before = files_now()
        assert change_id in str(refused(apply, rules(105))) and files_now() == before
        """,
    )


def test_the_tool_rolls_back_once_and_never_what_is_confirmed(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        change_id = armed(4242)
        assert tool("rollback", change_id).returncode == 0 and listing() == good
        nft("add element inet pacs flows { 10.0.0.9 . 22 }")
        assert tool("rollback", change_id).returncode == 0 and "10.0.0.9" in listing()
        confirmed = os.listdir(LAYOUT.state("confirmed"))[0]
        assert "was confirmed" in tool("rollback", confirmed).stderr
        assert tool("rollback", "00000099-00000000").returncode == 1
        """,
    )


def test_a_rollback_that_was_killed_half_way_is_finished(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); good = listing()
        change_id = armed(4242)
        os.rename(LAYOUT.change("pending", change_id), LAYOUT.change("rolled_back", change_id))
        assert apply(rules(104)).changed and listing() == good
        """,
    )


def test_restarting_the_boot_unit_leaves_a_pending_change_alone(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); change_id = armed(4242)
        assert tool("boot").returncode == 0
        assert JOURNAL.state_of(change_id) == "pending" and "4242" in listing()
        """,
    )


def test_live_tables_are_listed_so_that_they_survive_a_flush(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); nft("add element inet pacs seen { 10.7.7.7 timeout 1h }")
        nft("add table inet other")
        assert tool("live").returncode == 0
        Path(f"{ROOT}/all.nft").write_text(f'flush ruleset\\ninclude "{LAYOUT.run}/live.nft"\\n')
        good = listing()
        nft("-f", f"{ROOT}/all.nft")
        assert listing() == good and "10.7.7.7" in good and "other" not in nft("list", "tables")
        """,
    )


def test_first_enforcement_warms_up_where_nothing_is_tracked(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        request = ruleset.Request("inet pacs", rules(104), 0, 1, 3)
        started = time.monotonic()
        done = ruleset.apply_ruleset(request, False, LAYOUT)
        assert done.warm_up and time.monotonic() - started >= 1 and "policy drop" in listing()
        assert not ruleset.apply_ruleset(dataclasses.replace(request, ruleset=rules(105)), False, LAYOUT).warm_up
        """,
    )


def test_connections_that_were_seen_for_a_moment_spare_no_warm_up(tmp_path: Path) -> None:
    """Checking a ruleset makes the kernel look for a moment; what it saw stays, and says nothing of the others."""
    run(
        tmp_path,
        """
        import socket
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        momentary = "table inet momentary { chain c { type filter hook output priority 0; ct state new accept; }; }"
        subprocess.run(["nft", "-f", "-"], input=momentary, text=True, check=True)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
        assert int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text()) > 0
        nft("delete", "table", "inet", "momentary")
        request = ruleset.Request("inet pacs", rules(104), 0, 1, 3)
        assert ruleset.apply_ruleset(request, False, LAYOUT).warm_up
        nft("delete", "table", "inet", "pacs")
        subprocess.run(["nft", "-f", "-"], input=momentary, text=True, check=True)
        assert not ruleset.apply_ruleset(request, False, LAYOUT).warm_up, "the control: here they are followed"
        """,
    )


def test_full_disk_changes_nothing(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104)); before = nft("-a", "list", "ruleset")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k,mode=0700", "none", f"{ROOT}/var"], check=True)
        Path(f"{ROOT}/var/filler").touch()
        try:
            Path(f"{ROOT}/var/filler").write_bytes(b"x" * 10**6)
        except OSError:
            pass
        assert "No space left" in str(refused(apply, rules(105)))
        assert before == nft("-a", "list", "ruleset") and not list(Path(LAYOUT.journal).glob("pending/*"))
        """,
    )


def test_a_table_that_could_not_be_restored_is_not_touched(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        apply(rules(104))
        # Lists unescaped, so that restoring it would execute a rule (nft 1.0.6): only JSON can bring it in.
        import json
        rule = {"family": "inet", "table": "pacs", "chain": "input", "expr": [{"drop": None}]}
        rule["comment"] = 'x"' + chr(10) + '    accept comment "y'
        evil = json.dumps({"nftables": [{"add": {"rule": rule}}]})
        Path(f"{ROOT}/evil.json").write_text(evil)
        nft("-j", "-f", f"{ROOT}/evil.json")
        assert "accept comment" in listing()
        before = nft("-a", "list", "ruleset")
        assert "could not be restored" in str(refused(apply, rules(105))) and before == nft("-a", "list", "ruleset")
        """,
    )


@pytest.mark.slow
def test_ten_thousand_elements(tmp_path: Path) -> None:
    print(
        run(
            tmp_path,
            """
            def big(port):
                elements = ", ".join(f"10.{n // 65536}.{n // 256 % 256}.{n % 256} . {port}" for n in range(10000))
                return rules(port, more="ip daddr . tcp dport @big accept").replace("  chain input",
                    f"  set big {{ type ipv4_addr . inet_service; elements = {{ {elements} }}; }}\\n  chain input", 1)
            times = []
            for content in (big(104), big(105), big(105)):
                started = time.monotonic(); done = apply(content); times.append(round(time.monotonic() - started, 2))
            assert not done.changed and max(times) < 10, times
            started = time.monotonic(); change_id = armed(4242); assert tool("rollback", change_id).returncode == 0
            print("apply, replace, nothing to do:", times, "rollback:", round(time.monotonic() - started, 2))
            """,
        )
    )
