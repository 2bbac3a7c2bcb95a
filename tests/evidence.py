"""A host made of folders, for what reads hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout

_TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:2B68 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 4711 1 0 100 0 0 10 0\n"
)


class FakeHost:
    """Folders that look like a host's /proc and /etc to the readers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = Host(
            proc=str(folder / "proc"),
            etc=str(folder / "etc"),
            root=str(folder),
            layout=Layout(journal=str(folder / "journal"), run=str(folder / "run")),
        )
        self.write("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        self.write("proc/net/tcp", _TCP)
        self.write("proc/net/udp", _TCP.splitlines()[0] + "\n")
        self.write("proc/sys/net/ipv4/ip_forward", "0\n")
        self.write("proc/self/mountinfo", "26 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n")
        self.process(1, "systemd", "/sbin/init")

    def write(self, path: str, text: str) -> Path:
        """Put a file there."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def process(self, pid: int, name: str, *arguments: str, **environment: str) -> Path:
        """Have a process run there; its folder below /proc."""
        self.write(f"proc/{pid}/comm", f"{name[:15]}\n")
        self.write(f"proc/{pid}/cmdline", "".join(f"{word}\0" for word in arguments))
        self.write(f"proc/{pid}/environ", "".join(f"{key}={value}\0" for key, value in environment.items()))
        return self.folder / "proc" / str(pid)

    def parts(self, *names: str, timeout: float = 10) -> dict[str, Any]:
        """What is said about it."""
        parts: dict[str, Any] = host_evidence(names, timeout, self.host)["parts"]
        return parts
