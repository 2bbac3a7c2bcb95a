"""Readers of remote access on a host made of folders: what is found, what isn't there, and what nobody can look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evidence import FakeHost
from kernel.ipsec_pki import Authority

SECRET = "not to be seen"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def left(host: FakeHost) -> list[tuple[str, str, str]]:
    part = host.parts("remote_leftovers")["remote_leftovers"]
    assert part["status"] == "ok", part
    root = str(host.folder)
    return [(one["id"], one["state"], one["where"].replace(root, "")) for one in part["value"]["found"]]


def test_a_host_with_nothing_on_it(host: FakeHost) -> None:
    host.write("etc/ppp/ip-up.d/freshclam", "#!/bin/sh\n")
    host.write("etc/ppp/peers/provider", "connect chat\n")
    host.write("etc/cron.d/backup", "0 3 * * * root /usr/bin/rsync ssh:/x\n")
    assert left(host) == []
    parts = host.parts("openvpn", "ipsec")
    assert {part["status"] for part in parts.values()} == {"absent"}


def test_what_begins_by_itself(host: FakeHost) -> None:
    host.write("etc/systemd/system/multi-user.target.wants/x11vnc.service", "")
    host.write("etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service", "")
    host.write("etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service", "")
    host.write("proc/cmdline", "ro console=ttyS0,115200\n")
    host.write("etc/systemd/system/support.service", "[Service]\nExecStart=/usr/bin/ssh -N -R 22:localhost:22 v\n")
    host.write("etc/systemd/system/backup.service.d/more.conf", "[Service]\nExecStartPost=/usr/bin/ngrok http 80\n")
    host.write("etc/cron.d/tunnel", "@reboot root /usr/bin/autossh -M 0 v\n")
    assert left(host) == [
        ("autossh", "active", "/etc/cron.d/tunnel starts it"),
        ("ngrok", "active", "backup.service starts it"),
        ("serial_getty", "active", "serial-getty@ttyS1.service begins by itself"),
        ("ssh_remote", "active", "support.service starts it"),
        ("vnc", "active", "x11vnc.service begins by itself"),
    ]


def test_what_is_installed_and_whom_it_may_dial(host: FakeHost) -> None:
    host.write("usr/sbin/pppd", "")
    assert left(host) == [("pppd", "installed", "/usr/sbin/pppd is installed")]
    host.write("etc/ppp/peers/clinic", "")
    assert ("pppd", "active", "/etc/ppp/peers/clinic names somebody to dial") in left(host)


def test_modems(host: FakeHost) -> None:
    host.write("sys/class/tty/ttyACM0/device/bInterfaceProtocol", "01\n")
    host.write("sys/class/tty/ttyACM1/device/bInterfaceProtocol", "00\n")
    host.write("sys/class/tty/ttyUSB0/device/uevent", "")
    (host.folder / "drivers/option1").mkdir(parents=True)
    (host.folder / "sys/class/tty/ttyUSB0/device/driver").symlink_to(host.folder / "drivers/option1")
    host.write("sys/bus/pci/devices/0000:00:03.0/class", "0x070300\n")
    host.write("sys/bus/pci/devices/0000:00:04.0/class", "0x020000\n")
    assert [where for _id, _state, where in left(host)] == [
        "/dev/ttyACM0 takes AT commands",
        "/dev/ttyUSB0 with the modem driver option1",
        "the PCI device 0000:00:03.0",
    ]


def test_a_process_with_its_unit_and_who_listens(host: FakeHost) -> None:
    folder = host.process(40, "Xtigervnc", "/usr/bin/Xtigervnc", ":1")
    host.write("proc/40/cgroup", "0::/system.slice/tigervncserver@:1.service\n")
    (folder / "fd").mkdir()
    (folder / "fd" / "3").symlink_to("socket:[4711]")
    head, row = (host.folder / "proc/net/tcp").read_text().splitlines()
    host.write("proc/net/tcp", f"{head}\n{row.replace('00000000:2B68', '0100007F:170D')}\n")
    value = host.parts("remote_leftovers")["remote_leftovers"]["value"]["found"]
    assert value == [
        {
            "id": "vnc",
            "state": "active",
            "where": "process 40 (Xtigervnc)",
            "unit": "tigervncserver@:1.service",
            "port": None,
        },
        {
            "id": "vnc",
            "state": "active",
            "where": "tcp 5901 on 127.0.0.1 (Xtigervnc)",
            "unit": "tigervncserver@:1.service",
            "port": ["tcp", 5901],
        },
    ]


def test_where_processes_are_hidden_nobody_could_look(host: FakeHost) -> None:
    (host.folder / "proc/1/comm").unlink()
    for name in ("remote_leftovers", "openvpn", "ipsec"):
        assert host.parts(name)[name]["status"] == "error"


class TestOpenvpn:
    def server(self, host: FakeHost, text: str) -> dict[str, Any]:
        path = host.write("srv/people.conf", text)
        folder = host.process(40, "openvpn", "/usr/sbin/openvpn", "--config", "people.conf")
        (folder / "cwd").symlink_to(path.parent)
        (server,) = host.parts("openvpn")["openvpn"]["value"]["servers"]
        found: dict[str, Any] = server
        return found

    def test_what_lies_beside_its_configuration(self, host: FakeHost) -> None:
        authority = Authority("Example CA")
        host.write("srv/server.crt", authority.issue("vpn.hospital.example")[0])
        host.write("srv/crl.pem", authority.revocations_pem([7], 1))
        host.write("etc/pam.d/vpn", "auth required pam_oath.so\n")
        text = f"server 10.8.0.0 255.255.255.0\ncert server.crt\ncrl-verify crl.pem\n<key>\n{SECRET}\n</key>\n"
        server = self.server(host, text + 'plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so "vpn login COMMONNAME"\n')
        assert server["certificate"]["name"] == "vpn.hospital.example"
        assert (server["revocations"]["revoked"], server["revocations_changed"] is None) == (1, False)
        assert server["second_factor"] == {"service": "vpn", "asked": True, "spared": []}
        assert server["not_asked"] == "it has no management socket"
        assert SECRET not in json.dumps(server)

    def test_what_is_missing_stays_unknown(self, host: FakeHost) -> None:
        server = self.server(host, "server 10.8.0.0 255.255.255.0\ncert server.crt\n")
        assert (server["certificate"], server["revocations"], server["second_factor"]) == (None, None, None)

    def test_one_that_cannot_be_read_hides_no_other(self, host: FakeHost) -> None:
        host.process(39, "openvpn", "/usr/sbin/openvpn", "--config", "/gone/other.conf")
        host.write("srv/people.conf", "tls-server\n")
        host.process(40, "openvpn", "/usr/sbin/openvpn", "--config", str(host.folder / "srv/people.conf"))
        servers = host.parts("openvpn")["openvpn"]["value"]["servers"]
        assert [one["settings"] for one in servers] == [None, {}] or [one["settings"] for one in servers] == [{}, None]


class TestIpsec:
    def test_what_is_configured_though_nothing_runs(self, host: FakeHost) -> None:
        host.write("etc/swanctl/swanctl.conf", "include conf.d/*.conf\n")
        text = f'connections {{ a {{ version = 1\n }} }}\nsecrets {{ ike {{ secret = "{SECRET}" }} }}\n'
        host.write("etc/swanctl/conf.d/a.conf", text)
        value = host.parts("ipsec")["ipsec"]["value"]
        assert (value["running"], value["answers"], value["sas"]) == (None, False, None)
        assert value["configured"]["connections"]["a"]["version"] == "1"
        assert SECRET not in json.dumps(value)

    def test_other_daemons_and_the_old_configuration(self, host: FakeHost) -> None:
        host.write("etc/ipsec.conf", "conn a\n keyexchange=ikev1\n")
        host.process(40, "racoon", "/usr/sbin/racoon")
        value = host.parts("ipsec")["ipsec"]["value"]
        assert (value["running"], value["old_configuration"]) == ("racoon", True)

    def test_files_that_cannot_be_followed_are_a_problem(self, host: FakeHost) -> None:
        host.write("etc/swanctl/swanctl.conf", "connections {\n")
        assert "a section without an end" in host.parts("ipsec")["ipsec"]["value"]["configured"]["problem"]
