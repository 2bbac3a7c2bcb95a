"""What the real ClamAV makes of the configuration that is rendered for it; each trap fails in its naive form first."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kernel.clamav_place import EICAR, HARMLESS, Place, missing, opens, place, policy_for

from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import PREFIX, engine_finds, try_directories
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_scan import scan_command
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import Scan

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def tree(here: Place) -> dict[str, Path]:
    """An import folder, a store with a name to be escaped, and its siblings, each with an infected and a clean file."""
    found = {}
    for name in ("import", "import/store.v6 (1)", "import/store.v6 (1)-b", "import/storeXv6 (1)", "import/new"):
        directory = here.root / name
        directory.mkdir()
        (directory / "infected").write_bytes(EICAR)
        (directory / "clean").write_bytes(HARMLESS)
        found[directory.name] = directory
    return found


STORE = "store.v6 (1)"
OUTSIDE = ("import", "store.v6 (1)-b", "storeXv6 (1)", "new")


class TestOnAccess:
    def test_outside_an_infected_file_cannot_be_opened_and_inside_nothing_is_touched(
        self, here: Place, tree: dict[str, Path]
    ) -> None:
        assert opens(tree["import"] / "infected"), "before, everything opens"
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        here.start_clamd()
        here.start_watching(tree["import"] / "infected")

        assert not [name for name in OUTSIDE if opens(tree[name] / "infected")]
        assert not [name for name in tree if not opens(tree[name] / "clean")]
        assert (tree[STORE] / "infected").read_bytes() == EICAR
        deeper = tree[STORE] / "a" / "b"
        deeper.mkdir(parents=True)
        (deeper / "infected").write_bytes(EICAR)
        assert opens(deeper / "infected"), "directories made later are excluded, too"

    def test_a_slash_at_the_end_would_have_been_ignored(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        naive = re.sub(r"^(OnAccessExcludePath .*)$", r"\1/", here.configuration.read_text(), flags=re.M)
        here.configure(naive)
        here.start_clamd()
        here.start_watching(tree["import"] / "infected", tree[STORE] / "infected")

    def test_without_prevention_everything_opens(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],), prevention=False))
        here.start_clamd()
        here.start_watching()
        log = here.root / "clamonacc.log"

        def reported() -> bool:
            assert opens(tree["import"] / "infected")
            return "import/infected" in log.read_text() if log.exists() else False

        here.wait(reported, "nothing was reported")
        assert f"{STORE}/infected" not in log.read_text()


class TestCanaries:
    """The module that shows what a scanner really does: it believes no configuration, and leaves nothing behind."""

    @pytest.fixture
    def watching(self, here: Place, tree: dict[str, Path]) -> Place:
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        here.start_clamd()
        here.start_watching(tree["import"] / "infected")
        return here

    def tried(self, tree: dict[str, Path], log: str | None = None) -> dict[str, tuple[str, bool]]:
        before = {path: sorted(path.iterdir()) for path in tree.values()}
        outside, inside = [str(tree["import"]), str(tree["new"])], [str(tree[STORE])]
        found = try_directories(outside, inside, log, 2)
        assert {path: sorted(path.iterdir()) for path in tree.values()} == before, "nothing is left behind"
        return {Path(one.directory).name: (one.seen, one.right) for one in found}

    def test_what_works_is_shown_to_work(self, watching: Place, tree: dict[str, Path]) -> None:
        assert engine_finds(f"{watching.root}/clamd.ctl", 5)[0]
        expected = {"import": ("refused", True), "new": ("refused", True), STORE: ("opened", True)}
        assert self.tried(tree) == expected

    def test_a_daemon_that_lives_and_does_not_watch(self, watching: Place, tree: dict[str, Path]) -> None:
        watching.stop(1)
        assert engine_finds(f"{watching.root}/clamd.ctl", 5)[0], "green"
        assert self.tried(tree) == {"import": ("opened", False), "new": ("opened", False), STORE: ("opened", True)}

    def test_an_exclusion_that_is_none(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        here.configure(re.sub(r"^(OnAccessExcludePath .*)$", r"\1/", here.configuration.read_text(), flags=re.M))
        here.start_clamd()
        here.start_watching(tree["import"] / "infected")
        assert self.tried(tree)[STORE] == ("refused", False)

    def test_one_that_only_reports(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],), prevention=False))
        here.start_clamd()
        here.start_watching()
        log = here.root / "clamonacc.log"
        here.wait(
            lambda: opens(tree["import"] / "infected") and log.exists() and "FOUND" in log.read_text(), "no report"
        )
        expected = {"import": ("reported", True), "new": ("reported", True), STORE: ("opened", True)}
        assert self.tried(tree, str(log)) == expected
        here.stop(1)
        assert self.tried(tree, str(log))["import"] == ("opened", False)

    def test_no_signatures_no_find(self, here: Place) -> None:
        lives, said = engine_finds(f"{here.root}/clamd.ctl", 1)
        assert not lives and "clamd doesn't answer" in said
        (here.database / "test.hsb").unlink()
        here.apply(policy_for((here.root,), ()))
        here.start_clamd()
        assert engine_finds(f"{here.root}/clamd.ctl", 5) == (False, "stream: OK")

    def test_what_a_killed_run_left_is_taken_away(self, watching: Place, tree: dict[str, Path]) -> None:
        left = tree[STORE] / f"{PREFIX}1-2"
        left.write_bytes(EICAR)
        similar = tree[STORE] / f"{PREFIX}1-3"
        similar.write_bytes(b"not a test file")
        try_directories([], [str(tree[STORE])], None, 1)
        assert not left.exists() and similar.exists()

    def test_a_signal_takes_it_away_too(self, here: Place, tree: dict[str, Path]) -> None:
        code = (
            "import sys\n"
            "from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import try_directories\n"
            "try_directories(sys.argv[1:], [], None, 60)\n"
        )
        directory = tree["import"]
        environment = {"PYTHONPATH": str(PROJECT / ".cache" / "collections"), "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen([sys.executable, "-c", code, str(directory)], env=environment)
        here.wait(lambda: any(path.name.startswith(PREFIX) for path in directory.iterdir()), "no canary")
        process.terminate()
        assert process.wait(10) == 143
        assert not [path for path in directory.iterdir() if path.name.startswith(PREFIX)]

    def test_a_directory_that_is_none_is_refused(self, tree: dict[str, Path]) -> None:
        with pytest.raises(HardeningError, match="is no directory"):
            try_directories([str(tree["import"] / "nowhere")], [], None, 1)


class TestScans:
    def found(self, output: str, tree: dict[str, Path]) -> set[str]:
        """The directories in which something was found."""
        return {name for name, path in tree.items() if f"{path}/infected: " in output and " FOUND" in output}

    def test_clamdscan_goes_round_the_store_and_nothing_else(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        here.start_clamd()
        for mode in ("--fdpass", "--stream", "--multiscan"):
            done = here.run("clamdscan", f"--config-file={here.configuration}", mode, str(tree["import"]))
            assert self.found(done.stdout, tree) == set(OUTSIDE), (mode, done.stdout)

    def test_a_naive_expression_would_have_taken_a_sibling_along(self, here: Place, tree: dict[str, Path]) -> None:
        here.apply(policy_for((tree["import"],), (tree[STORE],)))
        naive = f"ExcludePath ^{tree['import']}/store.v6"
        here.configure(re.sub(r"^ExcludePath .*$", naive, here.configuration.read_text(), flags=re.M))
        here.start_clamd()
        done = here.run("clamdscan", f"--config-file={here.configuration}", "--fdpass", str(tree["import"]))
        assert self.found(done.stdout, tree) == {"import", "new"}

    @pytest.mark.parametrize("excluded", [True, False])
    def test_the_scheduled_scan_looks_where_it_is_told_and_touches_nothing(
        self, here: Place, tree: dict[str, Path], excluded: bool
    ) -> None:
        policy = replace(policy_for((tree["import"],), (tree[STORE],)), scan=Scan("daily", (), excluded, 4))
        program, *words = scan_command(policy)
        done = here.run(program, f"--database={here.database}", *words)
        assert self.found(done.stdout, tree) == {*OUTSIDE, *([STORE] if excluded else [])}, done.stdout
        assert done.returncode == 1
        assert (tree[STORE] / "infected").read_bytes() == EICAR
