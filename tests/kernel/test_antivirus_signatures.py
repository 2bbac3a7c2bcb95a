"""Signatures without the Internet, and how old those of a running daemon are. Nothing here has a network but lo."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kernel.clamav_place import MARK, Place, missing, place, policy_for, rendered
from kernel.clamav_signatures import dated_database
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import Version, is_fresh, parse_version
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import engine_finds
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd import signatures
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents import clamav
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import Updates

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture
def here() -> Iterator[Place]:
    """A place in a network that has nothing but its own loopback."""
    with place() as made, Namespace("no network").inside():
        yield made


@pytest.fixture
def feed(here: Place) -> Path:
    """What a hospital keeps: its own signatures, in a folder."""
    folder = here.root / "signatures"
    folder.mkdir()
    (folder / "site.hsb").write_bytes((here.database / "test.hsb").read_bytes())
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """A mirror that keeps what it was asked for, and says nothing."""

    asked: list[tuple[str, int]]

    def log_request(self, code: Any = "-", _size: Any = "-") -> None:
        self.asked.append((self.path, int(code)))


@pytest.fixture
def mirror(feed: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The address of a web server on the loopback that offers the feed, and what it was asked for."""
    asked: list[tuple[str, int]] = []
    handler = type("Handler", (Quiet,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(feed))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join(10)


def update(here: Place, updates: Updates) -> subprocess.CompletedProcess[str]:
    """Run freshclam once, as it is rendered, with what names a place on the host moved here."""
    text = rendered(replace(policy_for((), ()), updates=updates), clamav.FRESHCLAM_CONF)
    moved = {"/var/lib/clamav": str(here.database), "/var/log/clamav": str(here.database)}
    for old, new in moved.items():
        text = text.replace(old, new)
    here.configure("")
    configuration = here.root / "freshclam.conf"
    configuration.write_text(text.replace("MaxAttempts 3", "MaxAttempts 1"), encoding="utf-8")
    return here.run("freshclam", f"--config-file={configuration}")


def from_files(feed: Path) -> Updates:
    return Updates("files", (), (f"file://{feed}/site.hsb",), official=False, checks=1)


def from_mirror(address: str) -> Updates:
    return Updates("mirror", (address,), (f"{address}/site.hsb",), official=False, checks=1)


def test_from_files_and_a_broken_one_leaves_the_old_ones(here: Place, feed: Path) -> None:
    good = (feed / "site.hsb").read_text()
    done = update(here, from_files(feed))
    assert done.returncode == 0, done.stdout
    assert (here.database / "site.hsb").read_text() == good

    (feed / "site.hsb").write_text("not a signature\n")
    done = update(here, from_files(feed))
    assert done.returncode != 0
    assert (here.database / "site.hsb").read_text() == good


def test_from_a_mirror_and_a_broken_file_leaves_the_old_ones(
    here: Place, feed: Path, mirror: tuple[str, list[tuple[str, int]]]
) -> None:
    address, asked = mirror
    good = (feed / "site.hsb").read_text()
    done = update(here, from_mirror(address))
    assert done.returncode == 0, done.stdout
    assert (here.database / "site.hsb").read_text() == good
    assert {path for path, _code in asked} == {"/site.hsb"}, "nothing else is asked of a mirror"

    (feed / "site.hsb").write_text("not a signature\n")
    os.utime(feed / "site.hsb", (time.time() + 60, time.time() + 60))  # a mirror says to the second what has changed
    done = update(here, from_mirror(address))
    assert done.returncode != 0
    assert (here.database / "site.hsb").read_text() == good

    (here.database / "test.hsb").unlink()
    here.apply(policy_for((), ()))
    here.start_clamd()
    assert engine_finds(f"{here.root}/clamd.ctl", 5)[0], "and they work"


def test_new_signatures_are_taken_by_a_daemon_that_runs(here: Place, feed: Path) -> None:
    (here.database / "test.ndb").unlink()
    here.apply(policy_for((), ()))
    here.start_clamd()
    assert here.scanned(MARK) == "stream: OK"
    (feed / "site.ndb").write_text(f"Site.Mark:0:*:{MARK.hex()}\n")
    updates = replace(from_files(feed), custom=(f"file://{feed}/site.ndb",))
    assert update(here, updates).returncode == 0
    here.ask(b"zRELOAD\0")
    here.wait(lambda: here.scanned(MARK) == "stream: Site.Mark.UNOFFICIAL FOUND", "the new signature isn't loaded")


def test_a_mirror_that_is_away_leaves_the_old_ones(here: Place, feed: Path) -> None:
    assert update(here, from_files(feed)).returncode == 0
    good = (here.database / "site.hsb").read_text()
    assert update(here, from_mirror("http://127.0.0.1:9")).returncode != 0
    assert (here.database / "site.hsb").read_text() == good


class TestFreshness:
    """Judged by what the running daemon says, not by what lies in a folder."""

    NOW = datetime.now(UTC)

    def version(self, here: Place) -> Version:
        found = parse_version(here.ask(b"zVERSION\0").decode())
        assert found is not None
        return found

    @pytest.mark.parametrize(("days", "fresh"), [(1, True), (30, False)])
    def test_the_date_of_the_signatures_decides(self, here: Place, days: int, fresh: bool) -> None:
        built = self.NOW - timedelta(days=days)
        dated_database(here.database / "daily.cud", (here.database / "test.hsb").read_bytes(), built)
        (here.database / "test.hsb").unlink()
        here.apply(policy_for((), ()))
        here.start_clamd()
        version = self.version(here)
        assert version.signatures == 7
        assert version.dated is not None and abs(version.dated - built) < timedelta(days=1)
        assert engine_finds(f"{here.root}/clamd.ctl", 5)[0], "it finds what it knows, however old"
        assert is_fresh(version, self.NOW, timedelta(days=7)) is fresh
        said = signatures(f"{here.root}/clamd.ctl", 7)
        assert (said["number"], said["fresh"], said["problem"] is None) == (7, fresh, fresh)
        assert fresh or f"{built:%Y-%m-%d}" in said["problem"]

    def test_no_date_is_not_fresh(self, here: Place) -> None:
        here.apply(policy_for((), ()))
        here.start_clamd()
        version = self.version(here)
        assert (version.signatures, version.dated) == (None, None)
        assert not is_fresh(version, self.NOW, timedelta(days=7))
        assert signatures(f"{here.root}/clamd.ctl", 7)["problem"] == "no daily signatures are loaded"

    def test_a_daemon_that_is_dead_has_none(self, here: Place) -> None:
        said = signatures(f"{here.root}/clamd.ctl", 7)
        assert (said["engine"], said["fresh"]) == (None, False)
        assert "clamd doesn't answer" in said["problem"]

    def test_a_fresh_file_that_the_daemon_has_not_loaded_is_not_evidence(self, here: Place) -> None:
        here.apply(policy_for((), ()))
        here.start_clamd()
        dated_database(here.database / "daily.cud", (here.database / "test.hsb").read_bytes(), self.NOW)
        assert not is_fresh(self.version(here), self.NOW, timedelta(days=7))
        here.ask(b"zRELOAD\0")
        here.wait(lambda: self.version(here).dated is not None, "it isn't loaded")
        assert is_fresh(self.version(here), self.NOW, timedelta(days=7))


def test_the_place_has_no_network_but_its_loopback(here: Place) -> None:
    assert here.run("ip", "-o", "link").stdout.count("\n") == 1
