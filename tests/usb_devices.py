"""A tree like /sys with USB devices that nobody plugged in."""

from __future__ import annotations

import os
from pathlib import Path

_HOST = "devices/pci0000:00/0000:00:14.0/usb1"


def _subsystem(sys: Path, folder: Path, name: str) -> None:
    target = sys / name
    target.mkdir(parents=True, exist_ok=True)
    (folder / "subsystem").symlink_to(os.path.relpath(target, folder))


def _write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n", encoding="ascii")


def plug_in(sys: Path, port: str, interface_class: str, vendor: str, product: str, serial: str = "") -> Path:
    """A device with one interface of that class; the folder of the interface."""
    device = sys / _HOST / port
    _write(device, idVendor=vendor, idProduct=product, authorized="1", uevent="DEVTYPE=usb_device")
    if serial:
        _write(device, serial=serial)
    _subsystem(sys, device, "bus/usb")
    interface = device / f"{port}:1.0"
    _write(interface, bInterfaceClass=interface_class, authorized="1", uevent="DEVTYPE=usb_interface")
    _subsystem(sys, interface, "bus/usb")
    return interface


def add_disk(sys: Path, interface: Path | None, name: str, number: str) -> Path:
    """A block device on a USB interface, or on nothing of USB; its folder."""
    parent = interface if interface is not None else sys / "devices" / "pci0000:00" / "ata1"
    disk = parent / "host6" / "block" / name
    _write(
        disk,
        dev=number,
        uevent=f"MAJOR={number.split(':')[0]}\nMINOR={number.split(':')[1]}\nDEVNAME={name}\nDEVTYPE=disk",
    )
    _subsystem(sys, disk, "class/block")
    for index, entry in (("dev/block", number), ("class/block", name)):
        (sys / index).mkdir(parents=True, exist_ok=True)
        (sys / index / entry).symlink_to(os.path.relpath(disk, sys / index))
    return disk
