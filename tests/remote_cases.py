"""How each control of remote access fails, deserves a look, or says nothing: rows for test_remote_access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remote_evidence import agreed, found, session

_EDGE, _SITE = "edge", "Lab Hospital"
_WEAK = "3des-sha1-modp1024"
_EXPIRED = {"reason": "old", "owner": "Anna Example", "expires_on": "2026-11-23"}
# control, subject, what is spoilt, what is said
Case = tuple[str, str, Callable[[Any], object], str]


def ipsec(lab: Any) -> Any:
    return lab.part(_EDGE, "ipsec")["value"]


def sa(lab: Any, **changes: Any) -> None:
    """Change what is known of the tunnel to the branch."""
    ipsec(lab)["sas"][0].update(changes)


def child(lab: Any, **changes: Any) -> None:
    ipsec(lab)["sas"][0]["children"][0].update(changes)


def connection(lab: Any, **changes: Any) -> None:
    ipsec(lab)["connections"][0].update(changes)


def end(lab: Any, which: str, **changes: Any) -> None:
    ipsec(lab)["connections"][0]["ends"][which][0].update(changes)


def files(lab: Any, **changes: Any) -> None:
    """Change what swanctl's files say of the tunnel to the branch."""
    ipsec(lab)["configured"]["connections"]["pacs-branch"].update(changes)


def certificate(lab: Any, number: int, **changes: Any) -> None:
    ipsec(lab)["certificates"][number].update(changes)


def revocations(lab: Any, **changes: Any) -> None:
    ipsec(lab)["lists"][0].update(changes)


def server(lab: Any, **changes: Any) -> None:
    lab.part(_EDGE, "openvpn")["value"]["servers"][0].update(changes)


def told(lab: Any, **changes: str | None) -> None:
    """Change settings of the server; None takes one away."""
    settings = lab.part(_EDGE, "openvpn")["value"]["servers"][0]["settings"]
    for name, value in changes.items():
        settings.pop(name.replace("_", "-"), None)
        if value is not None:
            settings[name.replace("_", "-")] = [value]


def factor(lab: Any, **changes: Any) -> None:
    lab.part(_EDGE, "openvpn")["value"]["servers"][0]["second_factor"].update(changes)


def excepts(lab: Any, kind: str, name: str, what: str, **changes: Any) -> None:
    """Accept something in the site, until yesterday unless said otherwise."""
    lab.site["remote_access"][kind][name]["exceptions"] = [{"what": what, **_EXPIRED, **changes}]


def gone(lab: Any, part: str, status: str = "error") -> None:
    lab.hosts[_EDGE]["evidence"]["parts"][part] = {"status": status, "reason": f"{part} can't be seen"}


def left(lab: Any, host: str, *entries: dict[str, Any]) -> None:
    lab.part(host, "remote_leftovers")["value"]["found"] += entries


def guard(lab: Any, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Leave of the guard only what is kept."""
    rules = lab.rules(_EDGE)
    rules[:] = [one for one in rules if "pacs_vpn_guard" not in str(one) or keep(one)]


def opened(lab: Any, source: str, destination: str, port: int) -> None:
    """A connection that is open now, as the firewall core sees it."""
    one = {"source": source, "destination": destination, "protocol": "tcp", "port": port, "source_port": 40000}
    lab.flows(connections=[{**one, "count": 1, "idle": None, "answered": True, "declared": False}])


def _other_peer(lab: Any) -> None:
    lab.site["remote_access"]["ipsec"]["branch"]["peer"]["identity"] = "another.example"


def _ended(lab: Any) -> None:
    lab.site["remote_access"]["tls"]["people"]["users"]["r.smith"]["until"] = "2026-11-23"


FAILURES: list[Case] = [
    ("VPN-01", _EDGE, lambda lab: sa(lab, agreed=agreed(_WEAK, ike=True)), "IKE agreed upon 3des-sha1-modp1024"),
    ("VPN-01", _EDGE, lambda lab: child(lab, agreed=agreed("3des-sha1")), "'3des' is not allowed by the profile cnsa"),
    ("VPN-01", _EDGE, lambda lab: child(lab, agreed=[["NULL", None]]), "nothing is authenticated"),
    ("VPN-01", _EDGE, lambda lab: child(lab, agreed=[["TWOFISH", 256]]), "no algorithm that is known here"),
    ("VPN-01", _EDGE, lambda lab: files(lab, proposals=["aes256gcm16-prfsha384-ecp384", _WEAK]), f"it offers {_WEAK}"),
    ("VPN-01", _EDGE, lambda lab: files(lab, proposals=None), "nothing limits what it offers for IKE"),
    ("VPN-01", _EDGE, lambda lab: files(lab, children={"a": ["aes256gcm16"]}), "no PFS"),
    ("VPN-01", _EDGE, lambda lab: excepts(lab, "ipsec", "vendor", "modp2048"), "and that day is over"),
    ("VPN-01", _EDGE, lambda lab: excepts(lab, "ipsec", "vendor", "aes256"), "'modp2048' is not allowed"),
    ("VPN-01", _EDGE, lambda lab: certificate(lab, 0, key="rsa", bits=2048), "rsa of 2048 bits, is none of"),
    ("VPN-01", _EDGE, lambda lab: certificate(lab, 1, bits=256), "the key of gw-b.branch.example, ecdsa of 256 bits"),
    ("VPN-01", _EDGE, lambda lab: told(lab, tls_version_min="1.2"), "is 1.2, not 1.3"),
    ("VPN-01", _EDGE, lambda lab: told(lab, tls_version_min=None), "is unlimited, not 1.3"),
    ("VPN-01", _EDGE, lambda lab: excepts(lab, "tls", "people", "tls_1_2"), "tls_1_2 was accepted until 2026-11-23"),
    ("VPN-01", _EDGE, lambda lab: told(lab, data_ciphers="AES-256-GCM:BF-CBC"), "data-ciphers allows BF-CBC"),
    ("VPN-01", _EDGE, lambda lab: told(lab, tls_groups=None), "tls-groups doesn't limit"),
    ("VPN-01", _EDGE, lambda lab: told(lab, comp_lzo=""), "compression"),
    ("VPN-01", _EDGE, lambda lab: told(lab, secret="[inline]"), "a static key"),
    ("VPN-01", _EDGE, lambda lab: told(lab, tls_crypt=None), "no tls-crypt"),
    ("VPN-01", _EDGE, lambda lab: server(lab, sessions=[session("r.smith", cipher="BF-CBC")]), "agreed upon BF-CBC"),
    ("VPN-02", _EDGE, lambda lab: sa(lab, version=1), "up with IKE version 1"),
    ("VPN-02", _EDGE, lambda lab: connection(lab, version="IKEv1/2"), "it takes IKEv1/2"),
    ("VPN-02", _EDGE, lambda lab: files(lab, aggressive=True), "aggressive mode"),
    ("VPN-02", _EDGE, lambda lab: ipsec(lab).update(running="racoon", answers=False), "IKE is kept by racoon"),
    ("VPN-02", _EDGE, lambda lab: ipsec(lab).update(running="charon", answers=False), "in its old form"),
    ("VPN-03", _EDGE, lambda lab: sa(lab, peer="stranger.example"), "which the site doesn't declare"),
    ("VPN-03", _EDGE, _other_peer, "a tunnel with gw-b.branch.example at"),
    ("VPN-03", _EDGE, lambda lab: sa(lab, revoked=True), "is up, though the certificate of gw-b.branch.example"),
    ("VPN-03", _EDGE, lambda lab: end(lab, "remote", method="pre-shared key"), "pre-shared key proves who they are"),
    ("VPN-03", _EDGE, lambda lab: excepts(lab, "ipsec", "branch", "psk"), "psk was accepted until 2026-11-23"),
    ("VPN-03", _EDGE, lambda lab: end(lab, "remote", identity="%any"), "with anybody isn't declared"),
    ("VPN-03", _EDGE, lambda lab: end(lab, "remote", revocation=None), "isn't refused for sure"),
    ("VPN-03", _EDGE, lambda lab: end(lab, "remote", authorities=[]), "a certificate of any authority"),
    ("VPN-03", _EDGE, lambda lab: certificate(lab, 0, ends="2026-11-23T00:00:00Z"), "has ended on 2026-11-23"),
    ("VPN-03", _EDGE, lambda lab: revocations(lab, ends="2026-11-23T00:00:00Z"), "of Example CA has ended"),
    ("VPN-03", _EDGE, lambda lab: revocations(lab, read=False), "has no authorityKeyIdentifier"),
    ("VPN-03", _EDGE, lambda lab: ipsec(lab).update(lists=[]), "no list of revocations is loaded"),
    (
        "VPN-03",
        _EDGE,
        lambda lab: ipsec(lab)["lists"].append(
            {**ipsec(lab)["lists"][0], "path": "/etc/swanctl/x509crl/a.crl", "ends": "2027-01-01T00:00:00Z"}
        ),
        "is newer than the list that is loaded",
    ),
    ("VPN-03", _EDGE, lambda lab: server(lab, sessions=[session("mallory")]), "mallory is in, whom the site doesn't"),
    ("VPN-03", _EDGE, _ended, "whose last day was 2026-11-23"),
    ("VPN-03", _EDGE, lambda lab: server(lab, sessions=[session("r.smith", username="acme")]), "with the code of acme"),
    ("VPN-03", _EDGE, lambda lab: server(lab, configuration="/etc/openvpn/a.conf"), "runs by /etc/openvpn/a.conf"),
    ("VPN-03", _EDGE, lambda lab: server(lab, revocations={"ends": "2026-11-01T00:00:00Z"}), "has ended on 2026-11-01"),
    ("VPN-03", _EDGE, lambda lab: server(lab, management={"closed": False}), "open to everybody on the host"),
    ("VPN-03", _EDGE, lambda lab: server(lab, management=None), "listens on the network"),
    ("VPN-03", _EDGE, lambda lab: told(lab, ccd_exclusive=None), "declared or not"),
    ("VPN-03", _EDGE, lambda lab: told(lab, crl_verify=None), "knows of no revoked certificates"),
    ("VPN-03", _EDGE, lambda lab: told(lab, remote_cert_tls=None), "takes certificates that aren't for clients"),
    ("VPN-03", _EDGE, lambda lab: told(lab, verify_client_cert="none"), "needs no certificate"),
    ("VPN-03", _EDGE, lambda lab: told(lab, duplicate_cn=""), "several may be in under one name"),
    ("VPN-04", _EDGE, lambda lab: server(lab, second_factor=None), "a certificate is enough to get in"),
    ("VPN-04", _EDGE, lambda lab: factor(lab, asked=False), "asks for no second factor"),
    ("VPN-04", _EDGE, lambda lab: factor(lab, spared=["r.smith"]), "no code is asked of r.smith, who is a person"),
    ("VPN-04", _EDGE, lambda lab: told(lab, auth_user_pass_optional=""), "isn't asked for one"),
    (
        "VPN-04",
        _EDGE,
        lambda lab: told(lab, client_connect=None, plugin='auth-pam.so "x login USERNAME"'),
        "nothing binds them",
    ),
    ("VPN-05", _EDGE, lambda lab: told(lab, session_timeout=None), "sessions have no limit"),
    ("VPN-05", _EDGE, lambda lab: told(lab, session_timeout="604800"), "a limit of 7 days"),
    ("VPN-05", _EDGE, lambda lab: told(lab, inactive=None), "a session that nobody uses goes on"),
    ("VPN-05", _EDGE, lambda lab: told(lab, client_to_client=""), "past the firewall"),
    ("VPN-05", _EDGE, lambda lab: child(lab, remote=["0.0.0.0/0[tcp]"]), "it selects everything (0.0.0.0/0)"),
    ("VPN-05", _EDGE, lambda lab: child(lab, local=["::/0"]), "it selects everything (::/0)"),
    ("VPN-05", _EDGE, lambda lab: guard(lab, lambda one: False), "nothing keeps packets of 198.18.90.0/24 in"),
    ("VPN-05", _EDGE, lambda lab: guard(lab, lambda one: "rule" not in one), "fd00:18:90::/64 through it may travel"),
    ("VPN-05", _EDGE, lambda lab: guard(lab, lambda one: "through" not in str(one)), "198.18.100.0/24 through it may"),
    ("VPN-05", _EDGE, lambda lab: guard(lab, lambda one: "198.18.90.0" not in str(one)), "198.18.90.0/24 from the"),
    ("VPN-06", _SITE, lambda lab: server(lab, sessions=[session("acme")]), "acme is connected, and no window is open"),
    ("VPN-06", _SITE, lambda lab: opened(lab, "198.18.80.20", "198.18.20.11", 22), "vendor1 -> ct1:22 is open"),
    ("VPN-06", _SITE, lambda lab: opened(lab, "198.18.100.5", "198.18.20.11", 443), "hub -> ct1:443 is open"),
    ("VPN-07", "ws1", lambda lab: left(lab, "ws1", found("vnc", "tcp 5900 on 0.0.0.0")), "remote control: VNC"),
    (
        "VPN-07",
        "ws1",
        lambda lab: left(lab, "ws1", found("vnc", "process 9 (x11vnc)", unit="x11vnc.service")),
        "systemctl disable --now x11vnc.service; remove the packages x11vnc",
    ),
    ("VPN-07", "core", lambda lab: left(lab, "core", found("serial_getty", "process 9 on ttyS1")), "a serial line"),
    ("VPN-07", "his1", lambda lab: left(lab, "his1", found("sshd_forward", "tcp 2222 on ::")), "reverse tunnel"),
    (
        "VPN-07",
        "ris1",
        lambda lab: lab.part("ris1", "remote_leftovers")["value"]["interfaces"].append({"name": "wg0", "kind": "x"}),
        "that the site doesn't declare: wg0 (x)",
    ),
    (
        "VPN-07",
        "pacs1",
        lambda lab: lab.hosts["pacs1"]["evidence"]["parts"].update(openvpn={"status": "ok", "value": {"servers": []}}),
        "an OpenVPN server runs here",
    ),
]


def _asked_by_a_program(lab: Any) -> None:
    server(lab, second_factor=None)
    told(lab, auth_user_pass_verify="/x via-file")


UNKNOWN: list[Case] = [
    *((f"VPN-0{number}", _EDGE, lambda lab: gone(lab, "ipsec"), "ipsec can't be seen") for number in (1, 2, 3, 5)),
    *((f"VPN-0{number}", _EDGE, lambda lab: gone(lab, "openvpn"), "openvpn can't be seen") for number in (1, 3, 4, 5)),
    ("VPN-04", _EDGE, lambda lab: gone(lab, "openvpn", "absent"), "the server people doesn't run"),
    ("VPN-01", _EDGE, lambda lab: ipsec(lab).update(running=None, answers=False), "strongSwan doesn't run"),
    ("VPN-02", _EDGE, lambda lab: ipsec(lab).update(answers=False, problem="vici is away"), "vici is away"),
    ("VPN-01", _EDGE, lambda lab: files(lab, inherits=True), "come from elsewhere"),
    ("VPN-01", _EDGE, lambda lab: ipsec(lab)["configured"].update(problem="no file"), "no file"),
    ("VPN-01", _EDGE, lambda lab: ipsec(lab)["configured"]["connections"].clear(), "isn't in swanctl's files"),
    ("VPN-03", _EDGE, lambda lab: server(lab, sessions=None, not_asked="no answer"), "who is in (no answer)"),
    ("VPN-03", _EDGE, lambda lab: server(lab, revocations=None), "until when server people: its list"),
    ("VPN-03", _EDGE, lambda lab: server(lab, settings=None, not_asked="not readable"), "not readable"),
    ("VPN-04", _EDGE, lambda lab: factor(lab, asked=None), "what PAM's service"),
    (
        "VPN-04",
        _EDGE,
        _asked_by_a_program,
        "what the program of auth-user-pass-verify",
    ),
    ("VPN-05", _EDGE, lambda lab: gone(lab, "nftables"), "nftables can't be seen"),
    ("VPN-06", _SITE, lambda lab: server(lab, sessions=None), "who is in on the server people"),
    ("VPN-06", _SITE, lambda lab: lab.flows(connections=None, connections_reason="no tool"), "no tool"),
    ("VPN-07", _EDGE, lambda lab: gone(lab, "remote_leftovers"), "can't be seen"),
    ("VPN-07", "ws1", lambda lab: lab.part("ws1", "remote_leftovers")["value"].update(unseen=3), "3 processes may"),
    ("VPN-07", "ws1", lambda lab: lab.part("ws1", "remote_leftovers")["value"].update(found=None), "doesn't say"),
]

LOOKS: list[Case] = [
    ("VPN-03", _EDGE, lambda lab: certificate(lab, 0, ends="2026-12-10T00:00:00Z"), "ends on 2026-12-10"),
    ("VPN-03", _EDGE, lambda lab: revocations(lab, ends="2026-11-26T00:00:00Z"), "ends on 2026-11-26"),
    ("VPN-03", _EDGE, lambda lab: sa(lab, revoked=None), "which certificate gw-b.branch.example has shown"),
    ("VPN-03", _EDGE, lambda lab: server(lab, revocations_changed="2026-11-24T06:00:00Z"), "wasn't looked at since"),
    ("VPN-04", _EDGE, lambda lab: factor(lab, spared=["old.robot"]), "whom the site doesn't declare"),
    ("VPN-05", _EDGE, lambda lab: sa(lab, children=[]), "nothing can pass"),
    ("VPN-05", _EDGE, lambda lab: child(lab, received=0, last_received=None), "its peer is silent"),
    ("VPN-05", _EDGE, lambda lab: child(lab, last_received=900, last_sent=1), "last heard 15 min ago"),
    ("VPN-05", _EDGE, lambda lab: ipsec(lab).update(sas=ipsec(lab)["sas"][1:]), "tunnel branch isn't up"),
    ("VPN-07", "ws1", lambda lab: left(lab, "ws1", found("pppd", "/usr/sbin/pppd", state="installed")), "dial-up: PPP"),
]
