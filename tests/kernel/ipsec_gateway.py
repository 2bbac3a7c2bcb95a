"""A real strongSwan in a network namespace: its files in a folder of its own, its vici socket too."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from kernel.namespaces import Namespace

DAEMON = "/usr/sbin/charon-systemd"
_FOLDERS = ("conf.d", "private", "x509", "x509ca", "x509crl")
_SETTINGS = """\
charon {
    load_modular = yes
    plugins {
        include /etc/strongswan.d/charon/*.conf
    }
}
charon-systemd {
    retransmit_tries = 2
    retransmit_timeout = 1.0
    plugins {
        vici {
            socket = unix://@FOLDER@/vici.sock
        }
    }
    journal {
        default = -1
    }
    filelog {
        log {
            path = @FOLDER@/log
            default = 1
            cfg = 1
            flush_line = yes
        }
    }
}
swanctl {
    socket = unix://@FOLDER@/vici.sock
}
"""


def installed() -> bool:
    """Whether a test can run one."""
    return Path(DAEMON).exists() and shutil.which("swanctl") is not None


class Gateway:
    """One daemon. ``settings`` is what the product writes into /etc/strongswan.d."""

    def __init__(self, namespace: Namespace, folder: Path, settings: str) -> None:
        self.namespace = namespace
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "swanctl.conf").write_text("include conf.d/*.conf\n", encoding="utf-8")
        (folder / "pacs.conf").write_text(settings, encoding="utf-8")
        text = _SETTINGS.replace("@FOLDER@", str(folder)) + f"include {folder}/pacs.conf\n"
        (folder / "strongswan.conf").write_text(text, encoding="utf-8")

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells daemon and tool where to look."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "STRONGSWAN_CONF": str(self.folder / "strongswan.conf"),
            "SWANCTL_DIR": str(self.folder),
        }

    @property
    def pid(self) -> int:
        """Of the daemon, which must run."""
        assert self._process is not None
        return self._process.pid

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Put files below the folder."""
        for name, content in files.items():
            (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def start(self) -> None:
        """Start the daemon and wait until it listens."""
        with self.namespace.inside():
            self._process = subprocess.Popen(
                [DAEMON], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        deadline = time.monotonic() + 10
        while self.tool("--stats").returncode:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.namespace.name}: strongSwan didn't start:\n{self.log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the daemon, as systemd does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def kill(self) -> None:
        """End the daemon without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run swanctl."""
        with self.namespace.inside():
            return subprocess.run(
                ["swanctl", *arguments],
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            )

    def load(self) -> None:
        """Load everything from the files; raise RuntimeError where something can't be."""
        done = self.tool("--load-all", "--noprompt")
        if done.returncode:
            raise RuntimeError(f"{self.namespace.name}: {done.stdout}{done.stderr}")

    def initiate(self, child: str) -> tuple[bool, str]:
        """Whether a child came up, and what was said."""
        done = self.tool("--initiate", "--child", child, "--timeout", "6")
        return done.returncode == 0, done.stdout + done.stderr

    def log(self) -> str:
        """What the daemon has logged so far."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
