"""What a host itself uses of USB storage, in a tree like /sys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from usb_devices import add_disk, plug_in

from ansible_collections.pacs.hardening.plugins.module_utils._io.usb_storage import InUse, used_usb_storage
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import policy

STICK = InUse("/", "0781", "5581", "SN1")


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    add_disk(tmp_path / "sys", plug_in(tmp_path / "sys", "1-1", "08", "0781", "5581", "SN1"), "sda", "8:0")
    add_disk(tmp_path / "sys", None, "sdb", "8:16")
    return tmp_path / "sys"


def used(sys: Path, mounts: str, swaps: str = "", **options: Any) -> list[InUse]:
    proc = sys.parent / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "mountinfo").write_text(mounts, encoding="ascii")
    (proc / "swaps").write_text(f"Filename Type Size Used Priority\n{swaps}", encoding="ascii")
    wanted = {"station": False, "permitted": [], "mounts": [], **options}
    return used_usb_storage(policy(**wanted), str(sys), str(proc))


ROOT = "21 1 8:0 / / rw,relatime shared:1 - ext4 /dev/sda rw\n"


def test_a_host_that_starts_from_a_stick(sys: Path) -> None:
    assert used(sys, ROOT) == [STICK]


def test_a_host_that_does_not(sys: Path) -> None:
    assert used(sys, "21 1 8:16 / / rw - ext4 /dev/sdb rw\n22 21 0:5 / /proc rw - proc proc rw\n") == []


def test_a_volume_group_on_a_stick(sys: Path) -> None:
    mapped = add_disk(sys, None, "dm-0", "253:0")
    (mapped / "slaves").mkdir()
    (mapped / "slaves" / "sda").symlink_to(sys / "class" / "block" / "sda")
    assert used(sys, "21 1 253:0 / / rw - xfs /dev/mapper/x rw\n") == [STICK]


def test_a_file_system_that_hides_its_device(sys: Path, tmp_path: Path) -> None:
    assert used(sys, "21 1 0:22 /root / rw - btrfs /dev/sda rw\n") == [STICK]


def test_swap(sys: Path) -> None:
    (only,) = used(sys, "", "/dev/sda partition 1 0 -2\n/dev/sdb partition 1 0 -2\n")
    assert (only.what, only.vendor) == ("the swap area /dev/sda", "0781")


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"station": True}, False),
        ({"permitted": [{"vendor": "0781", "product": "5581", "serial": None}]}, False),
        ({"permitted": [{"vendor": "0781", "product": "5581", "serial": "SN1"}]}, False),
        ({"permitted": [{"vendor": "0781", "product": "5581", "serial": "SN2"}]}, True),
        ({"permitted": [{"vendor": "0781", "product": "5582", "serial": None}]}, True),
    ],
)
def test_what_is_let_in_may_be_used(sys: Path, options: dict[str, Any], refused: bool) -> None:
    assert bool(used(sys, ROOT, **options)) is refused
