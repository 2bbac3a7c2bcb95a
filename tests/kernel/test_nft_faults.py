"""Whatever happens in the middle of a change, it ends in the rules from before or in the confirmed new ones.

Kills at every step, files as a power cut may leave them, a full disk, changes at the same time, a confirmation at the
deadline, wall clocks that jump. The lab's scenario ``faults`` injects the same on a host with systemd, over SSH, at
fewer places; what needs a cut network is in ``safe_change``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, run

pytestmark = [*NEEDS, pytest.mark.slow]

FAULTS = """
import itertools, random, re, signal
def killed_at(number, call):
    # Runs a call in a process that dies, as of kill -9, at its number-th step outside of itself: a program that it
    # starts, a file that it opens for writing, moves or removes, a lock that it takes. False if it has no such step.
    pid = os.fork()
    if pid == 0:
        steps = itertools.count(1)
        def hook(event, arguments):
            outside = event in ("os.rename", "os.mkdir", "os.remove", "subprocess.Popen", "fcntl.flock")
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if (outside or writes) and next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        try:
            call()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return os.WIFSIGNALED(status)
def change(content, **options):
    # A change that a switch of its own would undo, as the module makes it; nothing fires here.
    pretend_systemd()
    request = ruleset.Request("inet pacs", content, 600, 0, 3, **options)
    return ruleset.apply_ruleset(request, False, LAYOUT)
def timer():
    for change_id in waiting():
        done = tool("rollback", change_id); assert done.returncode == 0, done
def waiting():
    return [entry.id for entry in JOURNAL.entries() if entry.state == "pending"]
def confirmed():
    return sorted(os.listdir(LAYOUT.state("confirmed")))
def restart():
    done = boot(); assert done.returncode == 0, done
def next_run(port=104):
    # Nobody's switch waits any more: its deadline has passed, or it was stopped.
    systemd.is_armed = lambda *_arguments: False
    apply(rules(port))
def reset():
    # What a killed process left in staging would shift the steps of the next one.
    subprocess.run(["rm", "-rf", LAYOUT.state("staging")], check=True)
    apply(rules(104)); assert "104" in listing() and not waiting()
RECOVERIES = {"a restart": restart, "the timer": timer, "the next run": next_run}
DAMAGE = {"missing": lambda path: path.unlink(), "empty": lambda path: path.write_text(""),
          "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
          "full of zeros": lambda path: path.write_bytes(bytes(path.stat().st_size))}
"""


def on_host(tmp_path: Path, code: str, timeout: float = 600) -> str:
    return run(tmp_path, code, before=FAULTS, timeout=timeout)


@pytest.mark.parametrize("recovery", ["a restart", "the timer", "the next run"])
def test_kill_9_at_every_step_of_a_change(tmp_path: Path, recovery: str) -> None:
    print(
        on_host(
            tmp_path,
            f"""
            recover = RECOVERIES[{recovery!r}]
            apply(rules(104)); old = listing(); was_new = 0
            for number in itertools.count(1):
                killed = killed_at(number, lambda: change(rules(105)))
                assert listing() == old or "105" in listing(), number
                was_new += "105" in listing()
                recover()
                assert listing() == old and not waiting(), (number, listing())
                reset(); assert listing() == old
                if not killed:
                    break
            assert number > 50 and was_new >= 3, (number, was_new)
            print(f"killed at each of {{number - 1}} steps, {{was_new}} times with the new rules in force")
            """,
        )
    )


def test_kill_9_at_every_step_of_the_first_change_ever(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        for number in itertools.count(1):
            killed = killed_at(number, lambda: change(rules(105)))
            if os.path.isdir(LAYOUT.journal):
                (restart if number % 2 else timer)()
            assert "pacs" not in nft("list", "tables"), number
            subprocess.run(["rm", "-rf", *map(str, ROOT.iterdir())], check=True)
            if not killed:
                break
        assert number > 20
        """,
    )


def test_kill_9_at_every_step_of_a_confirmation(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(104)); seen = set()
        for number, recover in enumerate(itertools.cycle(RECOVERIES.values())):
            old, port = listing(), 1000 + number
            change_id = change(rules(port)).change_id; new = listing()
            confirm = lambda: confirmation.settle_change(change_id, "confirmed", False, LAYOUT)
            killed = killed_at(number // 3 + 1, confirm)
            state = JOURNAL.state_of(change_id); seen.add(state)
            if recover is next_run:
                next_run(port); assert listing() == new
                apply(rules(104))
            else:
                recover(); assert listing() == (new if state == "confirmed" else old), (number, state)
                apply(rules(104))
            if not killed and recover is next_run:
                break
        assert seen == {"pending", "confirmed"}
        """,
    )


@pytest.mark.parametrize("recovery", ["a restart", "the timer", "the next run"])
def test_a_damaged_file_of_an_unconfirmed_change(tmp_path: Path, recovery: str) -> None:
    """As a power cut may leave it on a disk that doesn't keep the order of writes."""
    on_host(
        tmp_path,
        f"""
        apply(rules(104)); old = listing()
        tried = 0
        for kind, damage in DAMAGE.items():
            for name in sorted(os.listdir(LAYOUT.change("confirmed", confirmed()[0]))):
                change_id = change(rules(105)).change_id
                damage(Path(LAYOUT.change("pending", change_id), name))
                RECOVERIES[{recovery!r}]()
                assert listing() == old and not waiting(), (kind, name, listing())
                apply(rules(104)); assert listing() == old and boot().returncode == 0 and listing() == old, (kind, name)
                tried += 1
        assert tried >= 24, tried
        """,
    )


def test_a_damaged_file_of_the_first_change_ever(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        for kind, damage in DAMAGE.items():
            for name in ("candidate.nft", "previous.nft", "previous.sets", "change.json", "unrestored"):
                for recover in (restart, timer):
                    subprocess.run(["rm", "-rf", *map(str, ROOT.iterdir())], check=True)
                    change_id = change(rules(105)).change_id
                    damage(Path(LAYOUT.change("pending", change_id), name))
                    recover()
                    assert "pacs" not in nft("list", "tables"), (kind, name, recover)
        """,
    )


def test_a_damaged_file_of_the_confirmed_change(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        apply(rules(103)); older = listing(); apply(rules(104)); newest = listing()
        for kind, damage in DAMAGE.items():
            for name in sorted(os.listdir(LAYOUT.change("confirmed", confirmed()[-1]))):
                damage(Path(LAYOUT.change("confirmed", confirmed()[-1]), name))
                restart(); assert listing() in (newest, older), (kind, name)
                apply(rules(104)); assert listing() == newest
                restart(); assert listing() == newest, (kind, name)
        """,
    )


def test_a_rollback_that_is_killed_at_any_line_is_finished(tmp_path: Path) -> None:
    print(
        on_host(
            tmp_path,
            """
            apply(rules(104)); old = listing()
            lines = Path(LAYOUT.tool).read_text().split(chr(10))
            wanted = range(lines.index("restore() {") + 1, lines.index("boot() {"))
            # systemd runs a rollback that was killed again.
            again = lambda: [tool("rollback", change_id)]
            died = 0
            for number in wanted:
                deadly = f"{ROOT}/deadly"
                Path(deadly).write_text(chr(10).join([*lines[:number], "kill -9 $$", *lines[number:]]))
                if subprocess.run(["sh", "-n", deadly], capture_output=True).returncode:
                    continue
                for recover in (again, restart, next_run):
                    change_id = change(rules(105)).change_id
                    died += subprocess.run(["sh", deadly, "rollback", change_id], capture_output=True).returncode == -9
                    recover()
                    assert listing() == old and not waiting(), (number, lines[number], recover)
                    apply(rules(104))
            assert died >= 15, died
            print(f"killed {died} times")
            """,
        )
    )


def test_a_full_disk_stops_no_rollback_no_confirmation_and_no_start(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        subprocess.run(["mkdir", "-p", f"{ROOT}/var"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k,mode=0700", "none", f"{ROOT}/var"], check=True)
        def fill():
            try:
                with open(f"{ROOT}/var/filler", "wb") as filler:
                    filler.write(b"x" * 10**6)
            except OSError:
                pass
        def make_room():
            os.unlink(f"{ROOT}/var/filler")
        apply(rules(104)); old = listing()
        for recover in (timer, restart):
            change(rules(105)); fill()
            recover(); assert listing() == old and not waiting()
            make_room()
        change_id = change(rules(105)).change_id; new = listing(); fill()
        assert confirmation.settle_change(change_id, "confirmed", False, LAYOUT).changed
        restart(); assert listing() == new
        assert "No space left" in str(refused(apply, rules(106))) and listing() == new and not waiting()
        make_room(); apply(rules(106)); assert "106" in listing()
        """,
    )


def test_eight_changes_at_once(tmp_path: Path) -> None:
    """With a switch each, one is applied and the others are refused; without, each is applied whole, one by one."""
    on_host(
        tmp_path,
        """
        def at_once(call):
            children = []
            for number in range(8):
                pid = os.fork()
                if pid == 0:
                    try:
                        call(2000 + number)
                    except errors.HardeningError as error:
                        os._exit(1 if "is pending" in str(error) or "another change" in str(error) else 2)
                    except BaseException as error:
                        print(repr(error), file=sys.stderr); os._exit(3)
                    os._exit(0)
                children.append(pid)
            return sorted(os.WEXITSTATUS(os.waitpid(pid, 0)[1]) for pid in children)
        apply(rules(104))
        for _time in range(5):
            assert at_once(lambda port: change(rules(port))) == [0] + [1] * 7
            (change_id,) = waiting()
            ports = [port for port in range(2000, 2008) if str(port) in listing()]
            assert len(ports) == 1 and Path(LAYOUT.change("pending", change_id), "candidate.nft").read_text().count(
                f". {ports[0]}") == 2
            timer(); assert "104" in listing()
        outcomes = at_once(lambda port: apply(rules(port)))
        assert set(outcomes) <= {0, 1} and outcomes.count(0) >= 1, outcomes
        (port,) = [port for port in range(2000, 2008) if str(port) in listing()]
        assert f". {port}" in Path(LAYOUT.change("confirmed", confirmed()[-1]), "candidate.nft").read_text()
        """,
    )


def test_a_confirmation_at_the_deadline_ends_one_way_or_the_other_200_times(tmp_path: Path) -> None:
    print(
        on_host(
            tmp_path,
            """
            switches = own_switch(); chance = random.Random(1)
            apply(rules(104)); outcomes = {"confirmed": 0, "rolled back": 0}
            # Confirming renames at its end: it begins so much before the deadline that both ends meet.
            ahead = 0.1
            for number in range(200):
                old = listing()
                change_id = armed(1000 + number, seconds=max(0.15, ahead + 0.1)); new = listing()
                entry = next(entry for entry in JOURNAL.entries() if entry.id == change_id)
                deadline = entry.change.deadline
                systemd.arm(change_id, deadline - journal_module.boottime(), LAYOUT.tool)
                time.sleep(max(0, deadline - ahead + chance.uniform(-0.02, 0.02) - journal_module.boottime()))
                try:
                    confirmation.settle_change(change_id, "confirmed", False, LAYOUT)
                    outcome, ahead = "confirmed", max(0, ahead - 0.005)
                except errors.ApplyFailed as error:
                    assert error.rolled_back
                    outcome, ahead = "rolled back", ahead + 0.005
                switches[change_id].wait()
                assert listing() == (new if outcome == "confirmed" else old), (number, outcome)
                assert JOURNAL.state_of(change_id) == outcome.replace(" ", "_") and not waiting()
                outcomes[outcome] += 1
            assert min(outcomes.values()) >= 10, outcomes
            print(outcomes)
            """,
        )
    )


def test_a_wall_clock_that_jumps_decides_nothing(tmp_path: Path) -> None:
    on_host(
        tmp_path,
        """
        import datetime
        def jump_to(year):
            # The clock that people read says something else; the one that counts can't be set.
            moment = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
            class Jumped(datetime.datetime):
                @classmethod
                def now(cls, tz=None):
                    return moment
            journal_module.datetime = Jumped
            time.time = moment.timestamp
        def settle(change_id, state):
            return confirmation.settle_change(change_id, state, False, LAYOUT)
        apply(rules(104)); old = listing()
        for first, then in ((2036, 2010), (2010, 2036)):
            jump_to(first)
            done = change(rules(105)); new = listing(); assert done.deadline.startswith(str(first))
            jump_to(then)
            assert 590 < settle(done.change_id, "waiting").seconds_left < 600
            assert settle(done.change_id, "confirmed").changed and listing() == new
            restart(); assert listing() == new and confirmed()[-1] == done.change_id
            next_run(); assert listing() == old
            # Not confirmed: the deadline passes by the clock that counts, whatever the wall says.
            jump_to(first)
            switches = own_switch()
            request = ruleset.Request("inet pacs", rules(105), 1, 0, 3)
            done = ruleset.apply_ruleset(request, False, LAYOUT)
            jump_to(then)
            assert listing() == new
            switches[done.change_id].wait()
            assert listing() == old and JOURNAL.state_of(done.change_id) == "rolled_back"
            assert "rolled back by the host" in str(refused(settle, done.change_id, "confirmed"))
        """,
    )
