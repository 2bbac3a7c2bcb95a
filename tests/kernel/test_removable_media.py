"""What the real udev makes of our rules, with devices of a made-up /sys; and that nothing runs from what is mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys as python
from pathlib import Path
from typing import Any

import pytest
from usb_devices import add_disk, plug_in

from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.files import OPTIONS, rules
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import policy

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root"),
]
needs_udev = pytest.mark.skipif(shutil.which("udevadm") is None, reason="no udevadm: install udev")

# In a mount namespace of its own, /sys is the made-up one, and no rule but ours is read.
_ASK = """
set -e
mount --bind "$1/sys" /sys
for folder in /etc/udev/rules.d /usr/lib/udev/rules.d /run/udev; do
    if [ -d "$folder" ]; then mount -t tmpfs tmpfs "$folder"; fi
done
cp "$1/70-pacs.rules" /etc/udev/rules.d/
exec udevadm test --action="$3" "$2"
"""


def ask(root: Path, device: Path, text: str, action: str = "add") -> str:
    """All that udev says about a device that is plugged in."""
    (root / "70-pacs.rules").write_text(text, encoding="ascii")
    name = f"/sys/{device.relative_to(root / 'sys')}"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", _ASK, "sh", str(root), name, action],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "SYSTEMD_DEVICE_VERIFY_SYSFS": "0", "SYSTEMD_LOG_LEVEL": "debug"},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "70-pacs.rules" in said, f"our rules weren't read: {said}"
    return said


def shut_off(root: Path, interface: Path, text: str, action: str = "add") -> bool:
    """Whether udev takes its authorisation from the interface."""
    (interface / "authorized").write_text("1\n", encoding="ascii")
    said = ask(root, interface, text, action)
    assert "Invalid" not in said and "nvalid key" not in said and "Failed to parse" not in said, said
    written = (interface / "authorized").read_text("ascii").strip() == "0"
    # Newer ones only say that they would.
    return written or "authorized' writing '0'" in said


PERMITTED = [{"vendor": "0781", "product": "5581", "serial": "SN1"}]
HOST, STATION = rules(policy(False, [], [])), rules(policy(True, [], []))
BUT_ONE = rules(policy(False, PERMITTED, []))


@needs_udev
class TestRules:
    @pytest.mark.parametrize(
        ("interface_class", "shut"),
        [("08", True), ("06", True), ("03", False), ("0b", False), ("ff", False), ("0e", False)],
        ids=["storage", "camera", "keyboard", "card reader", "dongle", "video"],
    )
    def test_storage_is_shut_off_and_the_rest_is_not(self, tmp_path: Path, interface_class: str, shut: bool) -> None:
        interface = plug_in(tmp_path / "sys", "1-1", interface_class, "0781", "5581", "SN1")
        assert shut_off(tmp_path, interface, HOST) is shut
        assert not shut_off(tmp_path, interface, STATION)

    @pytest.mark.parametrize(
        ("vendor", "product", "serial", "shut"),
        [
            ("0781", "5581", "SN1", False),
            ("0781", "5581", "SN12", True),
            ("0781", "5581", "", True),
            ("0781", "5582", "SN1", True),
            ("0782", "5581", "SN1", True),
        ],
    )
    def test_a_permitted_device_is_that_one_only(
        self, tmp_path: Path, vendor: str, product: str, serial: str, shut: bool
    ) -> None:
        interface = plug_in(tmp_path / "sys", "1-1", "08", vendor, product, serial)
        assert shut_off(tmp_path, interface, BUT_ONE) is shut

    def test_a_device_that_goes_is_not_touched(self, tmp_path: Path) -> None:
        interface = plug_in(tmp_path / "sys", "1-1", "08", "0781", "5581")
        assert not shut_off(tmp_path, interface, HOST, "remove")

    @pytest.mark.parametrize("text", [HOST, STATION], ids=["host", "station"])
    def test_no_desktop_sees_what_is_on_it(self, tmp_path: Path, text: str) -> None:
        sys = tmp_path / "sys"
        stick = add_disk(sys, plug_in(sys, "1-1", "08", "0781", "5581"), "sda", "8:0")
        assert "UDISKS_IGNORE=1" in ask(tmp_path, stick, text)
        assert "UDISKS_IGNORE=1" in ask(tmp_path, add_disk(sys, None, "sr0", "11:0"), text)
        assert "UDISKS_IGNORE" not in ask(tmp_path, add_disk(sys, None, "sdb", "8:16"), text)

    def test_a_broken_rule_would_be_seen(self, tmp_path: Path) -> None:
        interface = plug_in(tmp_path / "sys", "1-1", "08", "0781", "5581")
        with pytest.raises(AssertionError, match="nvalid"):
            shut_off(tmp_path, interface, HOST.replace("ATTR{bInterfaceClass}", "ATTRIBUTE{bInterfaceClass}"))


# What a unit mounts, a block device here: a disc image, where this machine lends one.
_MOUNT = """
set -e
mount -o "loop,$3" "$1" "$2"
"$2/program" && echo ran || echo refused
echo x 2>/dev/null > "$2/written" && echo wrote || echo unwritten
"""


def test_nothing_runs_from_a_medium_and_nothing_is_written_to_it(tmp_path: Path) -> None:
    if shutil.which("mkfs.ext4") is None or not Path("/dev/loop-control").exists():
        pytest.skip("no loop devices, or no mkfs.ext4")
    content, where, image = tmp_path / "content", tmp_path / "where", tmp_path / "image"
    content.mkdir()
    where.mkdir()
    (content / "program").write_text(f"#!{python.executable}\n", encoding="ascii")
    (content / "program").chmod(0o755)
    with image.open("wb") as file:
        file.truncate(4 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-d", str(content), str(image)], check=True)

    def mounted(options: str) -> list[str]:
        command: list[Any] = ["unshare", "--mount", "--propagation=private", "sh", "-c", _MOUNT, "sh", image, where]
        done = subprocess.run([*map(str, command), options], capture_output=True, text=True, check=False)
        return done.stdout.split()

    if mounted("rw") != ["ran", "wrote"]:
        pytest.skip("images can't be mounted here")
    assert mounted(OPTIONS) == ["refused", "unwritten"]
