"""A host, looked at: what it shows, what it lacks, and what may never be said about it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from canaries import PASSWORD, PATIENT, spoken
from evidence import FakeHost

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import PARTS
from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change


def change(change_id: str, deadline: str | None = "2026-11-24T00:01:00Z") -> Change:
    return Change(change_id, "inet pacs", "present", "ab" * 32, "cd" * 32, "2026-11-24T00:00:00Z", 60.0, deadline, 10)


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def orthanc(host: FakeHost) -> dict[str, Any]:
    part: dict[str, Any] = host.parts("orthanc")["orthanc"]
    return part


def test_this_machine_is_seen_whole() -> None:
    document = host_evidence(PARTS, 10, Host())
    assert document["format"] == 1
    assert list(document["parts"]) == list(PARTS)
    for name in ("system", "sockets", "forwarding", "accounts", "logging"):
        assert document["parts"][name]["status"] == "ok", document["parts"][name]
    assert document["parts"]["system"]["value"]["kernel"] == os.uname().release
    json.dumps(document)


def test_a_host_with_nothing_on_it(host: FakeHost) -> None:
    parts = host.parts("sockets", "forwarding", "firewall_changes", "orthanc", "accounts", "logging")
    assert list(parts) == ["sockets", "forwarding", "firewall_changes", "orthanc", "accounts", "logging"]
    assert {name: part["status"] for name, part in parts.items()} == {
        "sockets": "ok",
        "forwarding": "ok",
        "firewall_changes": "absent",
        "orthanc": "absent",
        "accounts": "ok",
        "logging": "ok",
    }
    assert parts["forwarding"]["value"] == {"ipv4": False, "ipv6": False}
    assert parts["accounts"]["value"] == {"login_users": ["root"]}
    assert parts["logging"]["value"]["forwarded"] is False
    assert parts["logging"]["value"]["nflog_listener"] is False


def test_who_owns_a_socket(host: FakeHost) -> None:
    folder = host.process(40, "Orthanc", "/usr/sbin/Orthanc")
    (folder / "fd").mkdir()
    (folder / "fd" / "3").symlink_to("socket:[4711]")
    (listener,) = host.parts("sockets")["sockets"]["value"]["listeners"]
    assert (listener["port"], listener["process"]) == (11112, "Orthanc")


def test_an_interface_alone_forwards(host: FakeHost) -> None:
    host.write("proc/sys/net/ipv6/conf/default/forwarding", "1\n")
    host.write("proc/sys/net/ipv6/conf/all/forwarding", "0\n")
    assert host.parts("forwarding")["forwarding"]["value"] == {"ipv4": False, "ipv6": False}
    host.write("proc/sys/net/ipv6/conf/eth0/forwarding", "1\n")
    assert host.parts("forwarding")["forwarding"]["value"] == {"ipv4": False, "ipv6": True}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the journal belongs to root")
def test_the_journal_of_changes(host: FakeHost) -> None:
    journal = Journal(host.host.layout)
    for number in (1, 2, 3):
        journal.write(change(f"0000000{number}-0000000a"), "", "")
        if number < 3:
            journal.confirm(f"0000000{number}-0000000a")
    value = host.parts("firewall_changes")["firewall_changes"]["value"]
    assert value["pending"] == [{"id": "00000003-0000000a", "deadline_utc": "2026-11-24T00:01:00Z"}]
    assert value["confirmed"] == {
        "id": "00000002-0000000a",
        "created_utc": "2026-11-24T00:00:00Z",
        "text_sha256": "ab" * 32,
    }
    assert set(value["boot_unit"]) == {"enabled", "active"}


def test_the_configuration_that_the_running_server_was_given(host: FakeHost) -> None:
    host.write("etc/orthanc/a.json", '{"DicomPort": 1}')
    host.write("srv/one.JSON", '{"DicomPort": ${PORT}}')
    host.write("srv/two.json", '{"DicomAet": "PACS1"}')
    host.write("srv/not.conf", "{")
    folder = host.process(40, "Orthanc", "/usr/sbin/Orthanc", "--verbose", str(host.folder / "srv"), PORT="11112")
    value = orthanc(host)["value"]
    assert (value["running"], value["aet"], value["switches"]["DicomPort"]) == (True, "PACS1", 11112)
    assert [Path(source).name for source in value["sources"]] == ["one.JSON", "two.json"]

    host.process(40, "Orthanc", "Orthanc", "one.JSON", PORT="104")
    (folder / "cwd").symlink_to(host.folder / "srv")
    assert orthanc(host)["value"]["switches"]["DicomPort"] == 104


def test_a_configuration_that_was_changed_since_the_server_started(host: FakeHost) -> None:
    path = host.write("srv/one.json", "{}")
    host.process(40, "Orthanc", "Orthanc", str(path))
    assert orthanc(host)["value"]["changed_since_start"] is None
    host.write("proc/stat", "cpu 1\nbtime 1000000\n")
    ticks = os.sysconf("SC_CLK_TCK")
    host.write("proc/40/stat", f"40 (O r) (x) S {'0 ' * 18}{500 * ticks} 0 0\n")
    for changed, expected in ((1000400, False), (1000600, True)):
        os.utime(path, (changed, changed))
        assert orthanc(host)["value"]["changed_since_start"] is expected


def test_hidden_processes_are_not_absent_ones(host: FakeHost) -> None:
    (host.folder / "proc/1/comm").unlink()
    parts = host.parts("sockets", "orthanc", "logging")
    assert parts["sockets"]["value"]["listeners"][0]["process"] is None
    for name in ("orthanc", "logging"):
        assert parts[name] == {"status": "error", "reason": "needs root: the host hides the processes of others"}


def test_a_configuration_without_a_server(host: FakeHost) -> None:
    host.write("etc/orthanc/a.json", '{"DicomPort": 1}')
    value = orthanc(host)["value"]
    assert (value["configured"], value["running"], value["switches"]["DicomPort"]) == (True, False, 1)


def test_whether_a_server_that_does_not_run_comes_back(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.write("etc/orthanc/a.json", "{}")
    for answer in (True, False, None):
        monkeypatch.setattr(systemd, "says", lambda *_question, answer=answer: answer)
        assert orthanc(host)["value"]["enabled"] is answer
    host.process(40, "Orthanc", "Orthanc")
    assert orthanc(host)["value"]["enabled"] is None


def test_what_can_not_be_judged_about_orthanc_says_why(host: FakeHost) -> None:
    host.process(40, "Orthanc", "Orthanc", str(host.folder / "gone.json"))
    assert "gone.json can't be read: No such file" in orthanc(host)["reason"]
    host.process(41, "Orthanc", "Orthanc")
    assert orthanc(host)["reason"].startswith("2 Orthanc servers run here")


def test_a_pipe_instead_of_a_configuration_does_not_hang(host: FakeHost) -> None:
    os.mkfifo(host.folder / "pipe.json")
    host.process(40, "Orthanc", "Orthanc", str(host.folder / "pipe.json"))
    assert "not a regular file" in orthanc(host)["reason"]


def test_a_process_that_ends_while_it_is_looked_at_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[int] = set()

    def arguments(_host: Host, pid: int) -> list[str]:
        gone = pid in asked
        asked.add(pid)
        return [] if gone else ["/usr/sbin/rsyslogd"]

    monkeypatch.setattr(Host, "arguments", arguments)
    assert Host().logging()["forwarded"] is not None and asked


def test_forwarders(host: FakeHost) -> None:
    host.process(30, "systemd-journal", "/lib/systemd/systemd-journald")
    host.process(31, "rsyslogd", "/usr/sbin/rsyslogd", "-n")
    host.write("etc/rsyslog.conf", "*.* /var/log/all\n")
    value = host.parts("logging")["logging"]["value"]
    assert (value["journald"], value["forwarders"], value["forwarded"]) == (True, [], False)
    host.write("etc/rsyslog.d/out.conf", "*.* @@logs.example.org\n")
    value = host.parts("logging")["logging"]["value"]
    assert (value["forwarders"], value["forwarded"]) == (["rsyslogd"], True)
    host.write("proc/net/netfilter/nfnetlink_log", "    5   4242     0 2 65535     10  1\n")
    assert host.parts("logging")["logging"]["value"]["nflog_listener"] is True


def test_no_canary_is_spoken(host: FakeHost) -> None:
    """A patient's name and a password wherever text can stand, and the readers made to fail over it, too."""
    said: list[object] = []
    parts = tuple(name for name in PARTS if name != "nftables")
    host.write("etc/os-release", f'ID="{PATIENT}"\nVERSION_ID="{PASSWORD} {PATIENT}"\n')
    host.write("etc/passwd", f"ann:{PASSWORD}:1:1:{PATIENT}:/home/{PATIENT}:/bin/sh\n{PATIENT}:x:2:2::/:/bin/sh\n")
    host.write("etc/rsyslog.conf", f"# {PATIENT}\n*.* @@{PATIENT}:514\n$Password {PASSWORD}\n")
    host.process(30, "rsyslogd", "/usr/sbin/rsyslogd", PASSWORD, PATIENT, SECRET=PASSWORD)
    folder = host.process(31, PATIENT, PATIENT, f"--password={PASSWORD}")
    (folder / "fd").mkdir()
    (folder / "fd" / "3").symlink_to("socket:[4711]")
    host.write("proc/net/tcp", "x\n" + (host.folder / "proc/net/tcp").read_text(encoding="utf-8").splitlines()[1])
    host.write("worklists/one.wl", PATIENT)
    configuration = {
        "Name": PATIENT,
        PATIENT: PASSWORD,
        "DicomAet": f"{PATIENT} {PASSWORD}",
        "DicomPort": PASSWORD,
        "DicomAlwaysAllowEcho": PATIENT,
        "RegisteredUsers": {PATIENT: PASSWORD, PASSWORD: PATIENT},
        "DicomModalities": {
            "ct1": {"AET": "CT1", "Host": PATIENT, "Port": 104, "Manufacturer": PASSWORD, PATIENT: PASSWORD},
            PATIENT: ["A", PASSWORD, 104],
            "mr1": [f"{PASSWORD}{PATIENT}", PASSWORD, 104, PATIENT],
        },
        "OrthancPeers": {"x": ["http://192.0.2.1/", PATIENT, PASSWORD]},
        "Worklists": {"Database": PATIENT},
        "SslCertificate": PASSWORD,
    }
    host.write("etc/orthanc/a.json", f"// {PATIENT}\n" + json.dumps(configuration) + f"// {PASSWORD}")
    said.append(host.parts(*parts))
    host.process(40, "Orthanc", "Orthanc", f"--x={PASSWORD}", str(host.folder / "etc/orthanc"), ORTHANC__X=PASSWORD)
    said.append(host.parts(*parts))
    assert said[-1]["orthanc"]["status"] == "ok"  # type: ignore[index]
    assert said[-1]["orthanc"]["value"]["registered_users"] == 2  # type: ignore[index]
    for broken in (
        f'{{"Name": {PATIENT}, "Pass": {PASSWORD}}}',
        f'{{"${{{PATIENT}:-{PASSWORD}}}": NaN}}',
        f'"{PATIENT}"',
        json.dumps({PATIENT: PASSWORD}),
    ):
        host.write("etc/orthanc/b.json", broken)
        said.append(host.parts("orthanc"))
        assert said[-1]["orthanc"]["status"] == "error"  # type: ignore[index]
    host.write("proc/net/tcp", f"x\n{PATIENT} {PASSWORD}\n")
    said.append(host.parts("sockets"))
    assert spoken(*said) == []


def test_a_canary_that_is_spoken_is_heard() -> None:
    import base64
    from urllib.parse import quote

    for form in (
        PATIENT,
        quote(PATIENT),
        *(base64.b64encode(f"{'x' * n}{PATIENT}yz".encode()).decode() for n in range(7)),
    ):
        assert spoken({"a": [f"before {form} after"]}) == [PATIENT], form
    assert spoken({"a": f"x{PASSWORD}"}) == [PASSWORD]
    assert spoken({"a": "nothing"}) == []
