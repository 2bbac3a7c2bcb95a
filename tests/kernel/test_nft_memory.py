"""What the kernel remembers goes from one ruleset into the next, and no element ever gets more time than it had."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, WATCHING, run

pytestmark = NEEDS


def on_host(tmp_path: Path, code: str) -> str:
    return run(tmp_path, code, before=WATCHING)


def test_an_apply_keeps_memory_and_openings_with_the_time_they_have_left(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        memory, openings = filled()
        done = apply(watching(105))
        assert done.changed and not done.warnings and "dport 105" in listing()
        assert CT not in done.before and "198.18" not in done.before + done.after, "memory is no difference of rulesets"
        only_shrunk(memory, held("undeclared4"), 5)
        assert set(held("undeclared4")) == set(memory)
        only_shrunk(openings, held("opened"), 5)
        assert {"tcp", "udp"} <= set(held("opened")) and not apply(watching(105)).changed
        # Its own time-out is kept, so that it can be told when a connection was last seen.
        assert "timeout 20d expires 4d23h" in nft("list", "set", "inet", "pacs", "undeclared4")
        time.sleep(3)
        assert "icmp" not in held("opened"), "it ends when it would have ended"
        """,
    )


def test_time_never_grows_over_many_applies(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        filled(); add("opened", "sctp timeout 1h"); started = time.monotonic()
        for number in range(6):
            apply(watching(200 + number))
            left = held("opened")["sctp"][0]
            assert left <= 3600 - (time.monotonic() - started), number
        assert "udp" not in held("opened") or held("opened")["udp"][0] <= 20 - (time.monotonic() - started)
        """,
    )


def test_what_the_new_rules_have_no_place_for_is_lost_said_and_comes_back_with_a_rollback(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        memory, openings = filled()
        pretend_systemd()
        other = watching(105, memory="ipv4_addr", opened=False)
        done = ruleset.apply_ruleset(ruleset.Request("inet pacs", other, 6, 0, 3), False, LAYOUT)
        assert [warning.split(" held ")[0] for warning in done.warnings] == ["set undeclared4", "set opened"]
        assert not held("undeclared4")
        nft("flush", "ruleset")
        assert tool("rollback", done.change_id).returncode == 0 and "dport 104" in listing()
        only_shrunk(memory, held("undeclared4"), 12)
        # As much time as there will be at the deadline, whenever the rollback comes.
        only_shrunk(openings, held("opened"), 12)
        assert held("opened")["udp"][0] <= 20 - 6
        """,
    )


def test_going_back_takes_over_what_is_open_and_remembered_by_then(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        memory, _openings = filled()
        pretend_systemd()
        request = ruleset.Request("inet pacs", watching(105), 60, 0, 3)
        change_id = ruleset.apply_ruleset(request, False, LAYOUT).change_id
        nft("delete element inet pacs opened { tcp }")          # closed
        add("opened", "esp timeout 1h")                         # opened
        add("undeclared4", "10.0.0.1 . 10.0.0.2 . tcp . 22")    # seen meanwhile
        add("undeclared4", "10.0.0.1 . 10.0.0.2 . tcp . 23 timeout 1s")
        before, openings = held("undeclared4"), held("opened")
        time.sleep(3)
        done = tool("rollback", change_id)
        assert done.returncode == 0 and "could not" not in done.stderr and "dport 104" in listing(), done
        only_shrunk(before, held("undeclared4"), 6)
        assert set(held("undeclared4")) == set(before) - {"10.0.0.1 . 10.0.0.2 . tcp . 23"}
        assert set(held("opened")) == {"udp", "esp"}
        assert held("opened")["udp"][0] <= openings["udp"][0] - 3, "the wait was not given back"
        """,
    )


def test_a_rollback_never_fails_for_the_sake_of_the_memory(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        filled()
        pretend_systemd()
        request = ruleset.Request("inet pacs", watching(105), 60, 0, 3)
        change_id = ruleset.apply_ruleset(request, False, LAYOUT).change_id
        Path(LAYOUT.change("pending", change_id), "previous.sets").write_text("opened type inet_proto\\nundecl")
        os.mkdir(f"{LAYOUT.run}/enforce.nft")
        done = tool("rollback", change_id)
        assert done.returncode == 0 and "could not be carried over" in done.stderr and "dport 104" in listing(), done
        """,
    )


def test_a_smaller_set_keeps_the_newest_and_what_never_ends_is_not_kept(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        filled()
        add("undeclared4", *[f"10.0.0.{n} . 10.9.9.9 . tcp . 80 expires {n}h" for n in range(10, 30)])
        add("opened", "gre")   # by hand, without an end
        done = apply(watching(104, size=5))
        # Of 22: the one with 10 days left, the one with 5, then those that were seen last.
        kept = {CT, "198.18.20.12 . 198.18.30.10 . udp . 53"}
        kept |= {f"10.0.0.{n} . 10.9.9.9 . tcp . 80" for n in (29, 28, 27)}
        assert set(held("undeclared4")) == kept and not done.warnings
        assert "gre" not in held("opened") and "tcp" in held("opened")
        """,
    )


def test_a_text_that_lists_elements_says_what_they_shall_be(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        def windows(*elements):
            window = "set window { type ipv4_addr; flags timeout; elements = { " + ", ".join(elements) + " }; }\\n"
            return watching(104, opened=False).replace("chain forward", window + "chain forward")
        apply(windows("10.0.0.1 timeout 1h", "10.0.0.2 timeout 1h"))
        apply(windows("10.0.0.2 timeout 2h", "10.0.0.3 timeout 1h"))
        assert set(held("window")) == {"10.0.0.2", "10.0.0.3"} and held("window")["10.0.0.2"][0] > 7000
        """,
    )


def test_a_restart_ends_openings_and_keeps_the_memory(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        memory, _openings = filled()
        assert boot().returncode == 0 and not held("opened") and not held("undeclared4"), "a power cut loses both"
        memory, _openings = filled()
        apply(watching(105))
        assert tool("remember").returncode == 0
        kept = Path(LAYOUT.journal, "memory.nft")
        assert "198.18" in kept.read_text() and kept.stat().st_mode & 0o777 == 0o600
        content = kept.read_text()
        assert boot().returncode == 0 and not held("opened") and not kept.exists()
        only_shrunk(memory, held("undeclared4"), 6)
        assert set(held("undeclared4")) == set(memory)
        kept.write_text(content[:-30])
        assert boot().returncode == 0 and not held("undeclared4") and "dport 105" in listing()
        """,
    )


def test_restarting_the_unit_keeps_both(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        memory, openings = filled()
        assert tool("remember").returncode == 0 and tool("boot").returncode == 0
        only_shrunk(memory, held("undeclared4"), 3)
        only_shrunk(openings, held("opened"), 3)
        """,
    )


@pytest.mark.slow
def test_a_full_memory_is_carried_in_reasonable_time(tmp_path: Path) -> None:
    print(
        on_host(
            tmp_path,
            """
            def timed(call, *arguments):
                started = time.monotonic()
                return call(*arguments), round(time.monotonic() - started, 2)
            apply(watching(104)); _done, empty = timed(apply, watching(105))
            elements = (f"10.{n // 65536}.{n // 256 % 256}.{n % 256} . 10.99.0.1 . tcp . {n % 60000 + 1} "
                        f"counter packets {n} bytes {n} expires {1000000 + n}s" for n in range(65535))
            Path(f"{ROOT}/full.nft").write_text("add element inet pacs undeclared4 {" + ", ".join(elements) + "}")
            nft("-f", f"{ROOT}/full.nft")
            before = held("undeclared4")
            done, full = timed(apply, watching(106))
            after = held("undeclared4")
            assert len(after) == 65535 and not done.warnings, done.warnings
            only_shrunk(before, after, 60)
            pretend_systemd()
            request = ruleset.Request("inet pacs", watching(107), 60, 0, 3)
            change_id = ruleset.apply_ruleset(request, False, LAYOUT).change_id
            done, back = timed(tool, "rollback", change_id)
            assert done.returncode == 0 and len(held("undeclared4")) == 65535 and "dport 106" in listing(), done
            assert full < 60 and back < 15, (full, back)
            print(f"apply with an empty memory {empty} s, with 65,535 elements {full} s, rollback {back} s")
            """,
        )
    )
