"""What is left over of remote access, by processes, units, schedules and interfaces, and what isn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._evidence import leftovers
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.leftover_table import (
    BY_PORT,
    BY_PROGRAM,
    LEFTOVERS,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.leftovers import Process
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.links import Incomplete, answer_ends, tunnels_in

NO_CONSOLE: frozenset[str] = frozenset()


def process(name: str, *arguments: str, unit: str | None = None, terminal: str | None = None) -> Process:
    return Process(9, name, arguments or (name,), unit, terminal)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (process("pppd", "/usr/sbin/pppd", "call", "clinic"), "pppd"),
        (process("x11vnc", "x11vnc", "-display", ":0"), "vnc"),
        (process("vncserver-x11-s", "/usr/bin/vncserver-x11-serviced", "-fg"), "vnc"),
        (process("vncserver-x11-s"), "vnc"),
        (process("java", "java", "-jar", "/opt/ConnectWiseControl-1/x.jar"), "screenconnect"),
        (process("ssh", "ssh", "-N", "-R", "2222:localhost:22", "vendor@example.net"), "ssh_remote"),
        (process("ssh", "ssh", "-fNR2222:localhost:22", "example.net"), "ssh_remote"),
        (process("ssh", "ssh", "-o", "RemoteForward=2222 localhost:22", "example.net"), "ssh_remote"),
        (process("ssh", "ssh", "-oRemoteForward 2222 localhost:22", "example.net"), "ssh_remote"),
        (process("autossh", "/usr/lib/autossh/autossh", "-M", "0", "x"), "autossh"),
        (process("cloudflared"), "cloudflared"),
        (process("frpc", "/opt/frp/frpc", "-c", "frpc.toml"), "frp"),
        (process("mgetty", "/sbin/mgetty", "ttyS0"), "serial_getty"),
        (process("agetty", "/sbin/agetty", "--keep-baud", "115200", "ttyUSB0", "vt220"), "serial_getty"),
        (process("agetty", "/sbin/agetty", "-", "vt220", terminal="/dev/ttyS1"), "serial_getty"),
        (process("agetty", "/sbin/agetty", "--noclear", "tty1", "linux"), None),
        (process("agetty", "/sbin/agetty", "-", "linux", terminal="/dev/tty1"), None),
        (process("ssh", "ssh", "-N", "-L", "8042:localhost:8042", "pacs1"), None),
        (process("ssh", "ssh", "pacs1", "reload-R"), None),
        (process("sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"), None),
        (process("stunnel4"), None),
        (process("python3", "python3", "/opt/app/x.py"), None),
    ],
    ids=str,
)
def test_processes(found: Process, expected: str | None) -> None:
    made = leftovers.of_process(found, NO_CONSOLE)
    assert (made and made.id) == expected


def test_a_console_that_the_kernel_was_told_of_is_none() -> None:
    consoles = leftovers.consoles("BOOT_IMAGE=/vmlinuz ro console=tty0 console=ttyS0,115200n8 quiet")
    assert consoles == {"tty0", "ttyS0"}
    login = process("agetty", "agetty", "ttyS0")
    assert leftovers.of_process(login, consoles) is None
    assert leftovers.of_unit("serial-getty@ttyS0.service", consoles) is None
    assert leftovers.of_process(process("agetty", "agetty", "ttyS1"), consoles)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x11vnc.service", "vnc"),
        ("vncserver@:1.service", "vnc"),
        ("serial-getty@ttyUSB0.service", "serial_getty"),
        ("getty@tty1.service", None),
        ("getty@ttyS1.service", "serial_getty"),
        ("wg-quick@clinic.service", "wireguard"),
        ("telnet.socket", "telnet"),
        ("xrdp.service", "rdp"),
        ("ssh.service", None),
        ("openvpn-server@people.service", None),
        ("tailscaled.service", "tailscale"),
    ],
)
def test_units_that_begin_by_themselves(name: str, expected: str | None) -> None:
    made = leftovers.of_unit(name, NO_CONSOLE)
    assert (made and made.id) == expected


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("[Service]\nExecStart=-/usr/bin/ssh -N -R 2222:localhost:22 v@example.net\n", True, ["ssh_remote"]),
        ("[Service]\nExecStart=/opt/ngrok/ngrok http 80\n", True, ["ngrok"]),
        ("[Unit]\nDescription=ngrok\n#ExecStart=/usr/bin/ngrok\n", True, []),
        ("@reboot root /usr/bin/autossh -M 0 x\n", False, ["autossh"]),
        ("*/5 * * * * root pgrep ssh || ssh -fN -R 22:localhost:22 x\n", False, ["ssh_remote"]),
        ("*/5 * * * * x11vnc -display :0\n", False, ["vnc"]),
        ("T0:23:respawn:/sbin/mgetty ttyS0\n", False, ["mgetty"]),
        ("# autossh was here\n0 3 * * * root backup --to ngrok\n", False, []),
    ],
)
def test_what_schedules_and_units_start(text: str, unit: bool, expected: list[str]) -> None:
    assert [one.id for one in leftovers.in_schedule(text, unit)] == expected


def test_whose_unit_it_is() -> None:
    assert leftovers.unit_of("0::/system.slice/x11vnc.service\n") == "x11vnc.service"
    assert leftovers.unit_of("0::/system.slice/system-getty.slice/getty@tty1.service\n") == "getty@tty1.service"
    assert leftovers.unit_of("1:name=systemd:/user.slice/session-1.scope\n0::/\n") == "session-1.scope"
    assert leftovers.unit_of("0::/\n") is None


@pytest.mark.parametrize(
    ("name", "title", "is_session"),
    [
        ("sshd", "sshd: root@pts/0", True),
        ("sshd", "sshd: vendor", True),
        ("sshd-session", "sshd-session: vendor [priv]", True),
        ("sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", False),
        ("sshd", "/usr/sbin/sshd", False),
        ("bash", "sshd: vendor", False),
    ],
)
def test_which_sshd_works_for_somebody(name: str, title: str, is_session: bool) -> None:
    assert leftovers.is_session_of_sshd(process(name, title)) is is_session


def test_ports_that_sshd_took() -> None:
    listeners = [
        ("tcp", "127.0.0.1", 2222, 1),
        ("tcp", "127.0.0.1", 6010, 2),  # a display
        ("tcp", "0.0.0.0", 6010, 3),  # noqa: S104 - nothing is bound
        ("tcp", "0.0.0.0", 22, 4),  # noqa: S104
    ]
    found = list(leftovers.sshd_forwards({9: (1, 2, 3)}, listeners))
    assert [one.where.split(",")[0] for one in found] == ["tcp 2222 on 127.0.0.1", "tcp 6010 on 0.0.0.0"]


@pytest.mark.parametrize(
    ("name", "driver", "protocol", "is_modem"),
    [
        ("ttyACM0", "cdc_acm", "01", True),
        ("ttyACM0", "cdc_acm", "00", False),
        ("ttyUSB0", "option1", "", True),
        ("ttyUSB0", "ftdi_sio", "", False),
    ],
)
def test_modems(name: str, driver: str, protocol: str, is_modem: bool) -> None:
    assert (leftovers.modem_at(name, driver, protocol) is not None) is is_modem


def test_the_table_says_how_each_is_removed_and_names_nothing_twice() -> None:
    assert all(one.remove and one.title for one in LEFTOVERS)
    assert len({one.id for one in LEFTOVERS}) == len(LEFTOVERS)
    assert len(BY_PROGRAM) == sum(len(one.programs) for one in LEFTOVERS)
    assert len(BY_PORT) == sum(len(one.ports) + len(one.udp) for one in LEFTOVERS)
    assert not {"sshd", "openvpn", "charon-systemd", "stunnel4", "storescp"} & set(BY_PROGRAM)


@given(st.binary(max_size=120))
def test_any_answer_of_the_kernel_is_read_or_refused(data: bytes) -> None:
    for read in (tunnels_in, answer_ends):
        try:
            read(data)
        except Incomplete:
            continue
