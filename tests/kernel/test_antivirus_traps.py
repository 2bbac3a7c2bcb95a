"""Traps of ClamAV on access: each shown with the naive configuration, then that ours doesn't fall into it.

docs/antivirus.md lists all of them, with the test of each.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kernel.clamav_place import EICAR, HARMLESS, MARK, Place, missing, opens, place, policy_for
from kernel.mounts import mount, private_mounts

from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_places import places
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import try_directories
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_audit import audit
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_scan import scan_command
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.facts import read_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Exclusion
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import AntivirusPolicy, Scan

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

STORE_OPTION = r"OnAccessExcludePath .*"
#: What becomes of timeout(1) where it has to kill the program.
KILLED = -signal.SIGKILL


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def landing(here: Place) -> Path:
    """A watched folder, with an infected file and a clean one."""
    return filled(here.root / "import")


@pytest.fixture
def store(landing: Path) -> Path:
    """An image store below it, in which a signature hits an image."""
    return filled(landing / "store")


def filled(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "infected").write_bytes(EICAR)
    (directory / "clean").write_bytes(HARMLESS)
    return directory


def said(watched: Path, excluded: Path) -> set[tuple[str, str]]:
    """What our own look at the host says of a watched directory and an excluded one: rules and paths."""
    seen = read_facts(places([str(watched)], [str(excluded)], len(EICAR)))
    return {(one.rule, one.subject) for one in lint([Exclusion("path", str(excluded), "test")], seen)}


def watch(here: Place, policy: AntivirusPolicy, *canaries: Path) -> None:
    """Bring a policy to life as it is rendered."""
    here.apply(policy)
    here.start_clamd()
    here.start_watching(*canaries)


def watch_naively(
    here: Place, policy: AntivirusPolicy, option: str, instead: str, *canaries: Path, fdpass: bool = True
) -> None:
    """The same with one option as somebody else would have written it."""
    here.apply(policy)
    text = here.configuration.read_text()
    naive = re.sub(rf"^{option}$", instead, text, flags=re.M)
    assert naive != text
    here.configure(naive)
    here.start_clamd()
    here.start_watching(*canaries, fdpass=fdpass)


def test_an_excluded_folder_that_is_made_again_is_scanned(here: Place, landing: Path, store: Path) -> None:
    policy = policy_for((landing,), (store,))
    assert ("void", str(store)) not in said(landing, store)
    watch(here, policy, landing / "infected")
    assert opens(store / "infected")
    shutil.rmtree(store)
    assert ("void", str(store)) in said(landing, store)
    filled(store)
    here.wait(lambda: not opens(store / "infected"), "it is still excluded")
    (tried,) = try_directories([], [str(store)], None, 2)
    assert (tried.seen, tried.right) == ("refused", False), "the canary says so"
    here.stop()
    watch(here, policy, landing / "infected")
    assert opens(store / "infected"), "a restart mends it"


def test_an_exclusion_by_a_symbolic_link_is_none(here: Place, landing: Path, store: Path) -> None:
    link = here.root / "link"
    link.symlink_to(store)
    assert ("void", str(link)) in said(landing, link)
    watch(here, policy_for((landing,), (link,)), landing / "infected", store / "infected")
    here.stop()
    watch(here, policy_for((landing,), (store,)), landing / "infected")
    assert opens(store / "infected") and opens(link / "infected")


def test_more_directories_than_may_be_watched_are_counted_before(here: Place, landing: Path, store: Path) -> None:
    """The limit is of the whole machine, so it isn't lowered here: what is read of it and counted is what is judged."""
    (store / "not" / "counted").mkdir(parents=True)
    for number in range(20):
        (landing / str(number)).mkdir()
    seen = read_facts(places([str(landing)], [str(store)], len(EICAR)))
    assert seen.watches == int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    assert seen.paths[str(landing)].directories == 21
    assert [one.rule for one in lint((), seen)] == []
    assert [one.rule for one in lint((), replace(seen, watches=20))] == ["watches"]


def test_excluding_for_scans_alone_excludes_nothing_on_access(here: Place, landing: Path, store: Path) -> None:
    policy = policy_for((landing,), (store,))
    watch_naively(here, policy, STORE_OPTION, "", landing / "infected", store / "infected")
    here.stop()
    watch(here, policy, landing / "infected")
    assert opens(store / "infected")


def test_clamd_that_is_not_let_through_waits_for_itself(here: Place, landing: Path) -> None:
    policy = policy_for((landing,), ())
    watch_naively(here, policy, "OnAccessExcludeUname .*", "OnAccessExcludeUname nobody", fdpass=False)
    reads = ("timeout", "--signal=KILL", "2", "cat", str(landing / "infected"))
    here.wait(lambda: here.run(*reads).returncode == KILLED, "whoever opens it doesn't wait")
    here.stop()
    watch(here, policy, landing / "infected")
    assert here.run(*reads).returncode == 1, "refused at once"


def test_a_scan_as_root_takes_what_is_blocked_for_an_error(here: Place, landing: Path) -> None:
    policy = replace(policy_for((landing,), ()), scan=Scan("daily", (), True, 4))
    watch(here, policy, landing / "infected")
    naive = here.run("clamdscan", f"--config-file={here.configuration}", "--fdpass", str(landing))
    assert "infected: " in naive.stdout and " FOUND" not in naive.stdout, naive.stdout
    program, *words = scan_command(policy)
    ours = here.run("setpriv", "--reuid=clamav", "--clear-groups", program, f"--database={here.database}", *words)
    assert f"{landing}/infected: Test.Eicar.UNOFFICIAL FOUND" in ours.stdout


def test_where_errors_deny_a_dead_daemon_locks_everything_away(here: Place, landing: Path, store: Path) -> None:
    policy = policy_for((landing,), (store,))
    watch_naively(here, policy, "OnAccessDenyOnError no", "OnAccessDenyOnError yes", landing / "infected")
    here.kill_clamd()
    assert not opens(landing / "clean")
    here.stop()
    watch(here, policy, landing / "infected")
    here.kill_clamd()
    assert opens(landing / "clean") and opens(store / "infected")
    assert not try_directories([str(landing)], [], None, 1)[0].right, "and the canary says so"


def test_the_default_limit_lets_large_files_through(here: Place, landing: Path) -> None:
    large = landing / "large"
    large.write_bytes(bytes(6 << 20) + MARK)
    policy = policy_for((landing,), ())
    watch_naively(here, policy, "OnAccessMaxFileSize .*", "", landing / "infected")
    assert opens(large)
    here.stop()
    watch(here, policy, landing / "infected", large)


def test_a_scan_says_clean_of_what_is_too_large_to_be_scanned(here: Place, landing: Path) -> None:
    policy = replace(policy_for((landing,), ()), scan=Scan("daily", (), True, 4))
    policy = replace(policy, limits=replace(policy.limits, file=1 << 20))
    (landing / "infected").unlink()
    (landing / "large").write_bytes(bytes(2 << 20) + MARK)
    program, *words = scan_command(policy)
    naive = [word for word in words if not word.startswith("--alert-exceeds-max")]
    assert " FOUND" not in here.run(program, f"--database={here.database}", *naive).stdout
    ours = here.run(program, f"--database={here.database}", *words).stdout
    assert f"{landing}/large: Heuristics.Limits.Exceeded.MaxFileSize FOUND" in ours


def test_what_is_moved_or_linked_out_of_the_watched_place_opens(here: Place, landing: Path) -> None:
    outside = filled(here.root / "desk")
    watch(here, policy_for((landing,), ()), landing / "infected")
    os.link(landing / "infected", outside / "linked")
    (landing / "infected").rename(outside / "moved")
    assert opens(outside / "linked") and opens(outside / "moved")
    here.stop()
    watch(here, policy_for((landing, outside), ()), outside / "infected")
    assert not opens(outside / "linked") and not opens(outside / "moved")


def test_letting_root_through_by_number_switches_the_option_off(here: Place, landing: Path) -> None:
    policy = policy_for((landing,), ())
    naive = "OnAccessExcludeUID 0"
    watch_naively(here, policy, "(OnAccessExcludeUname .*)", rf"\1\n{naive}", landing / "infected")
    assert [one.rule for one in audit(here.configuration.read_text())] == ["root_by_number"]
    here.stop()
    watch(here, policy, landing / "infected")
    assert audit(here.configuration.read_text()) == ()


class TestMounts:
    """In a mount namespace of its own."""

    @pytest.fixture(autouse=True)
    def apart(self, here: Place) -> Iterator[None]:
        with private_mounts():
            yield
            here.stop()

    def test_a_bind_mount_of_the_store_takes_the_watch_to_it(self, here: Place, landing: Path) -> None:
        store = filled(here.root / "archive")
        shared = landing / "shared"
        shared.mkdir()
        mount("--bind", str(store), str(shared))
        watch(here, policy_for((landing,), (store,)), shared / "infected")
        assert not opens(store / "infected"), "though it is excluded, and not even below what is watched"
        found = said(landing, store)
        assert ("mounts_below", str(landing)) in found and ("second_name", str(store)) in found
        here.stop()
        watch(here, policy_for((landing,), (store, shared)), landing / "infected")
        assert opens(store / "infected")

    def test_a_mount_with_a_folder_below_switches_the_whole_watch_off(self, here: Place, landing: Path) -> None:
        medium = landing / "medium"
        medium.mkdir()
        mount("-t", "tmpfs", "tmpfs", str(medium))
        (medium / "lost+found").mkdir()
        filled(medium)
        watch(here, policy_for((landing,), ()))
        log = here.root / "clamonacc.out"
        here.wait(lambda: "could not watch path" in log.read_text(), "it is watched")
        assert opens(landing / "infected"), "the process lives, and watches nothing"
        assert ("mounts_below", str(landing)) in said(landing, here.root / "elsewhere")
        here.stop()
        (landing / "folder").mkdir()
        watch(here, policy_for((medium, landing / "folder"), ()), medium / "infected")
        assert ("mounts_below", str(medium)) not in said(medium, here.root / "elsewhere"), "each mount by itself"

    def test_watching_a_whole_mount_blocks_nothing(self, here: Place, landing: Path) -> None:
        mount("-t", "tmpfs", "tmpfs", str(landing))
        filled(landing)
        store = filled(landing / "store")
        policy = policy_for((landing,), (store,))
        watch_naively(here, policy, "OnAccessIncludePath (.*)", r"OnAccessMountPath \1")
        log = here.root / "clamonacc.log"
        here.wait(lambda: opens(store / "infected") and log.exists() and "infected" in log.read_text(), "nothing")
        assert opens(landing / "infected")
        assert f"{store}/infected" in log.read_text(), "nor is the store excluded"
        here.stop()
        log.unlink()
        watch(here, policy, landing / "infected")
        assert opens(store / "infected")
