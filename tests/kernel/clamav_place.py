"""ClamAV at work in a directory of its own: clamd and clamonacc with what we render, two signatures, no network.

The paths of a policy are the real ones of a hospital's host; here they lie below the place's own directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from antivirus_example import TODAY, confirmation, loaded

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import instream
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents import clamav
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Exclusion
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import AntivirusPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy

PROGRAMS = ("clamd", "clamonacc", "clamdscan", "clamscan", "freshclam")
#: The antivirus test file of EICAR, put together here so that no scanner takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
#: A mark of our own: a file that holds it is found, too.
MARK = b"pacs-hardening-mark"
HARMLESS = b"nothing to see here"


def missing() -> str | None:
    """Why ClamAV can't be tried here, or None."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"no {', '.join(absent)}: install clamav, clamav-daemon and clamdscan"
    return None if os.geteuid() == 0 else "fanotify needs root"


def policy_for(watched: tuple[Path, ...], excluded: tuple[Path, ...], prevention: bool = True) -> AntivirusPolicy:
    """A policy as a site gets it, moved to directories of a test, which the linter would refuse below /var/tmp."""
    own = {"orthanc": {"template": "orthanc_debian", **confirmation()}}
    allowed = govern(loaded(own), ["orthanc"], TODAY).exclusions
    policy = load_policy({"host": "pacs1", "watched": ["/srv/import"], "prevention": prevention}, allowed)
    return replace(
        policy,
        watched=tuple(map(str, watched)),
        exclusions=tuple(Exclusion("path", str(path), "test", profile="test") for path in excluded),
    )


def rendered(policy: AntivirusPolicy, path: str) -> str:
    """One file of those that are rendered for a policy."""
    (text,) = (file.text for file in clamav.render(policy).files if file.path == path)
    assert text is not None
    return text


class Place:
    """A directory with a signature database, in which a policy can be brought to life."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = self._directory("database")
        self.configuration = root / "clamd.conf"
        self._processes: list[subprocess.Popen[bytes]] = []
        digest = hashlib.sha256(EICAR).hexdigest()
        (self.database / "test.hsb").write_text(f"{digest}:{len(EICAR)}:Test.Eicar\n", encoding="ascii")
        (self.database / "test.ndb").write_text(f"Test.Mark:0:*:{MARK.hex()}\n", encoding="ascii")

    def _directory(self, name: str) -> Path:
        path = self.root / name
        path.mkdir()
        path.chmod(0o755)
        shutil.chown(path, "clamav")
        return path

    def configure(self, text: str) -> None:
        """Write clamd.conf, with whatever names a place on the host moved here."""
        moved = {
            clamav.SOCKET: f"{self.root}/clamd.ctl",
            "/var/lib/clamav": str(self.database),
            "/var/log/clamav/clamav.log": f"{self.database}/clamav.log",
        }
        for old, new in moved.items():
            text = text.replace(old, new)
        self.configuration.write_text(text, encoding="utf-8")
        self.configuration.chmod(0o644)

    def apply(self, policy: AntivirusPolicy) -> None:
        """Write what is rendered for a policy."""
        self.configure(rendered(policy, clamav.CLAMD_CONF))

    def start_clamd(self) -> None:
        """Start clamd, and wait until it answers."""
        shutil.chown(self.root, "clamav")
        self._start("clamd", "--foreground", f"--config-file={self.configuration}")
        self.wait(lambda: self.ask(b"zPING\0") == b"PONG\0", "clamd doesn't answer")

    def start_watching(self, *canaries: Path, fdpass: bool = True) -> None:
        """Start clamonacc as our unit does, and wait until each of ``canaries`` can't be opened."""
        options = [f"--config-file={self.configuration}", f"--log={self.root}/clamonacc.log"]
        output = self.root / "clamonacc.out"
        # A user has few inotify instances (fs.inotify.max_user_instances), and other programs take and leave them.
        for _attempt in range(20):
            self._start("clamonacc", "-F", *(["--fdpass"] if fdpass else []), *options)
            end = time.monotonic() + 1.5
            while "Clam" not in output.read_text() and self._processes[-1].poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            if "could not init inotify" not in output.read_text():
                break
            self.stop(1)
            time.sleep(1)
        for canary in canaries:
            self.wait(partial(is_blocked, canary), f"{canary} isn't blocked")

    def _start(self, *command: str) -> None:
        output = (self.root / f"{command[0]}.out").open("wb")
        self._processes.append(subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL))

    def ask(self, question: bytes) -> bytes:
        """One command to clamd's socket; nothing where it doesn't answer."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(f"{self.root}/clamd.ctl")
            link.sendall(question)
            return link.recv(4096)
        return b""

    def kill_clamd(self) -> None:
        """End the daemon, and leave whoever asks it."""
        self.ask(b"zSHUTDOWN\0")
        self.wait(lambda: self.ask(b"zPING\0") == b"", "clamd lives on")

    def scanned(self, content: bytes) -> str:
        """What clamd says of a content that is handed over to it."""
        return self.ask(instream(content)).strip(b"\0").decode()

    def wait(self, condition: Callable[[], bool], problem: str, seconds: float = 20) -> None:
        """Until it holds; else say what the programs said."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                said = "\n".join(path.read_text(errors="replace") for path in sorted(self.root.glob("clam*.out")))
                raise AssertionError(f"{problem}\n{said}")
            time.sleep(0.1)

    def stop(self, number: int | None = None) -> None:
        """End what was started here, the last first; or only the last ``number``."""
        for process in reversed(self._processes[-number:] if number else self._processes):
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        del self._processes[-(number or len(self._processes)) :]

    def last_pid(self) -> int:
        """The process that was started last."""
        return self._processes[-1].pid

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A place, and whatever it started ended and removed."""
    root = Path(tempfile.mkdtemp(prefix="pacs-antivirus-", dir="/var/tmp"))
    root.chmod(0o755)
    made = Place(root)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(root)


def opens(path: Path) -> bool:
    """Whether it can be opened, and read."""
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True


def is_blocked(path: Path) -> bool:
    """Whether it can't be opened."""
    return not opens(path)
