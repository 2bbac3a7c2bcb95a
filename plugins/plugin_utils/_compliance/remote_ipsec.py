# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway's strongSwan does, held against the tunnels that the site declares: from live state, where it can be.

A tunnel's SA is found by the identity of its peer, so that it doesn't matter what a connection is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from ipaddress import ip_network
from typing import Any

from .._observed.words import span
from .._site.remote_access import IpsecTunnel
from .._vpn.algorithms import live_word
from .._vpn.judge import PSK, Weakness, judge, judge_agreed
from .._vpn.profile import Profile
from .antivirus_seen import entries, mapping, texts
from .remote_findings import (
    CERTIFICATE_SOON,
    LIST_SOON,
    Aspect,
    Aspects,
    entry,
    judge_end,
    judge_exception,
    moment_of,
    whole,
)

#: What vici calls them: authentication with a certificate, and ``revocation = strict``.
_CERTIFICATE, _STRICT = "public key", "GOOD"
_ASKED = ("charon-systemd", "charon")
#: Seconds for which a peer may be silent while something is sent to it.
_SILENT = 120
_REFUSALS = {"proposal": "crypto", "version": "ike", "peer": "peers"}
_MOST = 8


def judge_ipsec(
    out: Aspects,
    tunnels: Iterable[IpsecTunnel],
    value: Mapping[str, Any],
    profiles: Mapping[str, Profile],
    now: datetime,
) -> None:
    """Judge the evidence of a daemon, which is there. Raises nothing, whatever it says."""
    _Judge(out, tuple(tunnels), value, profiles, now).everything()


class _Judge:
    def __init__(
        self,
        out: Aspects,
        tunnels: tuple[IpsecTunnel, ...],
        value: Mapping[str, Any],
        profiles: Mapping[str, Profile],
        now: datetime,
    ) -> None:
        self._out = out
        self._value = value
        self._profiles = profiles
        self._now = now
        self._today: date = now.date()
        self._tunnels = {tunnel.peer.identity: tunnel for tunnel in tunnels}

    def everything(self) -> None:
        self._daemon()
        for tunnel in self._tunnels.values():
            self._tunnel(tunnel)
        self._strangers()
        self._certificates()
        self._lists()
        self._refused()

    # the daemon

    def _daemon(self) -> None:
        running, answers = self._value.get("running"), self._value.get("answers") is True
        if running is not None and running not in _ASKED:
            self._out.ike.faults.append(
                f"IKE is kept by {running}, not by strongSwan, and nothing is known of what it agrees to"
            )
        if running == "charon" and not answers:
            self._out.ike.faults.append(
                "strongSwan runs in its old form (ipsec.conf), which takes IKEv1 if it is told to"
            )
        if answers:
            return
        if running is None and self._tunnels:
            why = "strongSwan doesn't run, so no tunnel is up"
        else:
            why = str(self._value.get("problem") or "strongSwan gives no answer")
        for aspect in (self._out.crypto, self._out.ike, self._out.peers, self._out.bounds):
            aspect.unknown.append(why)

    # what is declared

    def _tunnel(self, tunnel: IpsecTunnel) -> None:
        where = f"tunnel {tunnel.name}"
        standing = set()
        for item in tunnel.exceptions:
            aspect = self._out.peers if item.what == PSK else self._out.crypto
            if judge_exception(aspect, item, where, self._today):
                standing.add(item.what)
        sas = [sa for sa in self._sas() if sa.get("peer") == tunnel.peer.identity]
        profile = self._profiles.get(tunnel.profile)
        if profile is None:
            self._out.crypto.unknown.append(f"what the profile {tunnel.profile} demands")
        else:
            self._agreed(where, sas, profile, standing)
            self._offered(where, tunnel, profile, standing)
        self._state(where, sas, PSK not in {item.what for item in tunnel.exceptions})
        for connection in self._connections():
            if self._peer_of(connection) == tunnel.peer.identity:
                self._connection(where, connection, standing)
        if self._value.get("answers") is True and not any(
            self._peer_of(one) == tunnel.peer.identity for one in self._connections()
        ):
            self._out.peers.unknown.append(f"{where}: strongSwan has no connection to {tunnel.peer.identity}")

    def _agreed(self, where: str, sas: Sequence[Mapping[str, Any]], profile: Profile, standing: set[str]) -> None:
        """What two gateways have agreed upon: not what is configured, but what is in use."""
        for sa in sas:
            if sa.get("state") != "ESTABLISHED":
                continue
            words = _words(sa)
            self._weak(f"{where}: IKE agreed upon", words, judge_agreed(words, profile, ike=True), standing)
            for child in entries(sa.get("children")):
                if child.get("state") == "INSTALLED":
                    inner = _words(child)
                    self._weak(f"{where}: ESP agreed upon", inner, judge_agreed(inner, profile, ike=False), standing)

    def _weak(self, where: str, words: list[str], found: Iterable[Weakness], standing: set[str]) -> None:
        """The weaknesses that nobody has accepted. A hash has one word as integrity and another as PRF."""
        if not words:
            self._out.crypto.unknown.append(f"{where} nothing that can be read")
            return
        bad = [one for one in found if not {one.what, one.what.removeprefix("prf")} & standing]
        for one in bad:
            self._out.crypto.faults.append(f"{where} {'-'.join(words)}: {one}")
        if not bad:
            self._out.crypto.said.append(f"{where} {'-'.join(words)}")

    def _offered(self, where: str, tunnel: IpsecTunnel, profile: Profile, standing: set[str]) -> None:
        """What the files offer; vici doesn't tell."""
        configured = mapping(self._value.get("configured"))
        problem = configured.get("problem")
        if isinstance(problem, str):
            self._out.crypto.unknown.append(problem)
            return
        names = {str(one.get("name")) for one in self._connections() if self._peer_of(one) == tunnel.peer.identity}
        listed = mapping(configured.get("connections"))
        for name in sorted(names):
            if name not in listed:
                self._out.crypto.unknown.append(f"{where}: what {name} offers isn't in swanctl's files")
                continue
            self._proposals(where, mapping(listed[name]), profile, standing)

    def _proposals(self, where: str, said: Mapping[str, Any], profile: Profile, standing: set[str]) -> None:
        if said.get("inherits") is not False:
            self._out.crypto.unknown.append(f"{where}: its settings come from elsewhere, too")
            return
        lists = [("IKE", said.get("proposals"), True)]
        lists += [("ESP", offered, False) for offered in mapping(said.get("children")).values()]
        for kind, offered, ike in lists:
            if not isinstance(offered, list):
                self._out.crypto.faults.append(f"{where}: nothing limits what it offers for {kind}")
                continue
            for proposal in texts(offered):
                bad = [one for one in judge(proposal, profile, ike) if one.what not in standing]
                self._out.crypto.faults.extend(f"{where}: it offers {proposal} for {kind}: {one}" for one in bad)
        if said.get("aggressive") is not False:
            self._out.ike.faults.append(f"{where}: aggressive mode is allowed")

    def _connection(self, where: str, connection: Mapping[str, Any], standing: set[str]) -> None:
        if connection.get("version") != "IKEv2":
            self._out.ike.faults.append(f"{where}: it takes {connection.get('version') or 'an unknown version of IKE'}")
        ends = mapping(connection.get("ends"))
        local, remote = entries(ends.get("local")), entries(ends.get("remote"))
        if not local or not remote:
            self._out.peers.unknown.append(f"{where}: how the two gateways prove who they are")
            return
        for end in (*local, *remote):
            if end.get("method") != _CERTIFICATE and PSK not in standing:
                self._out.peers.faults.append(
                    f"{where}: {end.get('method') or 'nothing'} proves who they are, not a certificate"
                )
        for end in remote:
            if end.get("method") == _CERTIFICATE and end.get("revocation") != _STRICT:
                self._out.peers.faults.append(
                    f"{where}: a revoked certificate isn't refused for sure (revocation = strict)"
                )
            if end.get("method") == _CERTIFICATE and not texts(end.get("authorities")):
                self._out.peers.faults.append(
                    f"{where}: it takes a certificate of any authority that is known (cacerts)"
                )
        for child in entries(connection.get("children")):
            self._selectors(where, child)

    def _state(self, where: str, sas: Sequence[Mapping[str, Any]], certified: bool) -> None:
        """Whether the tunnel carries anything: an SA of a dead peer, and one without a child, are ESTABLISHED too."""
        if self._value.get("answers") is not True:
            return
        up = [sa for sa in sas if sa.get("state") == "ESTABLISHED"]
        if not up:
            self._out.bounds.looks.append(f"{where} isn't up")
        for sa in up:
            self._version(where, sa)
            installed = [child for child in entries(sa.get("children")) if child.get("state") == "INSTALLED"]
            if not installed:
                self._out.bounds.looks.append(f"{where}: IKE is up, but nothing can pass, for there is no ESP below it")
            for child in installed:
                self._selectors(where, child)
            if _are_silent(installed):
                self._out.bounds.looks.append(
                    f"{where} is shown as established, but its peer is silent: {_traffic(installed)}"
                )
            elif installed:
                self._out.bounds.said.append(f"{where} carries: {_traffic(installed)}")
            since = whole(sa.get("since"))
            age = "" if since is None else f", up for {span(since)}"
            self._out.peers.said.append(f"{where}: {sa.get('peer')} at {sa.get('peer_address')}{age}")
            if sa.get("revoked") is True:
                self._out.peers.faults.append(f"{where} is up, though the certificate of {sa.get('peer')} is revoked")
            elif sa.get("revoked") is None and certified:
                self._out.peers.looks.append(
                    f"{where} is up, and nobody knows any more which certificate {sa.get('peer')} has shown"
                )

    def _version(self, where: str, sa: Mapping[str, Any]) -> None:
        if sa.get("version") == 2:
            self._out.ike.said.append(f"{where}: IKEv2")
        else:
            self._out.ike.faults.append(f"{where} is up with IKE version {whole(sa.get('version')) or 'unknown'}")

    def _selectors(self, where: str, child: Mapping[str, Any]) -> None:
        for text in (*texts(child.get("local")), *texts(child.get("remote"))):
            if _is_everything(text):
                self._out.bounds.faults.append(f"{where}: it selects everything ({text.split('[')[0]})")

    # what isn't declared

    def _strangers(self) -> None:
        for sa in self._sas():
            if str(sa.get("peer")) not in self._tunnels and sa.get("state") == "ESTABLISHED":
                peer = f"{sa.get('peer') or 'nobody'} at {sa.get('peer_address')}"
                self._out.peers.faults.append(f"a tunnel with {peer} is up, which the site doesn't declare")
        for connection in self._connections():
            peer = self._peer_of(connection)
            if peer not in self._tunnels:
                self._out.peers.faults.append(
                    f"the connection {connection.get('name')} with {peer or 'anybody'} isn't declared by the site"
                )
            if connection.get("version") != "IKEv2" and peer not in self._tunnels:
                self._out.ike.faults.append(
                    f"the connection {connection.get('name')} takes {connection.get('version')}"
                )

    # certificates

    def _certificates(self) -> None:
        listed = self._value.get("certificates")
        if not isinstance(listed, list):
            return
        newest: dict[str, Mapping[str, Any]] = {}
        for one in entries(listed):
            name = str(one.get("name"))
            if name not in newest or str(one.get("ends")) > str(newest[name].get("ends")):
                newest[name] = one
        uses = [one for one in self._tunnels.values() if PSK not in {item.what for item in one.exceptions}]
        mine = [one for one in newest.values() if one.get("own") is True]
        if uses and not mine:
            self._out.peers.unknown.append("strongSwan has no certificate of its own")
        for name, one in newest.items():
            what = "authority" if one.get("authority") is True else "certificate"
            judge_end(self._out.peers, f"the {what} {name}", one.get("ends"), self._now, CERTIFICATE_SOON)
            self._key(name, one, uses)

    def _key(self, name: str, one: Mapping[str, Any], tunnels: Iterable[IpsecTunnel]) -> None:
        key, bits = one.get("key"), whole(one.get("bits"))
        for tunnel in tunnels:
            profile = self._profiles.get(tunnel.profile)
            ends = (tunnel.local.identity, tunnel.peer.identity)
            if profile is None or (name not in ends and one.get("own") is not True):
                continue
            fine = (key == "rsa" and bits is not None and bits >= profile.rsa) or (
                key == "ecdsa" and bits in profile.ecdsa
            )
            if not fine:
                size = f" of {bits} bits" if bits else ""
                self._out.crypto.faults.append(f"the key of {name}, {key}{size}, is none of the profile {profile.name}")

    def _lists(self) -> None:
        listed = self._value.get("lists")
        if not isinstance(listed, list):
            return
        loaded = [one for one in entries(listed) if one.get("path") is None]
        if not loaded and any(PSK not in {item.what for item in one.exceptions} for one in self._tunnels.values()):
            self._out.peers.faults.append("no list of revocations is loaded: nobody is let in any more")
        newest = _newest(loaded)
        for issuer, one in newest.items():
            judge_end(self._out.peers, f"the list of revocations of {issuer}", one.get("ends"), self._now, LIST_SOON)
            if one.get("read") is not True:
                self._out.peers.faults.append(
                    f"the list of {issuer} has no authorityKeyIdentifier: strongSwan ignores it"
                )
        for issuer, one in _newest([one for one in entries(listed) if one.get("path") is not None]).items():
            known = moment_of(entry(newest.get(issuer), "ends"))
            ends = moment_of(one.get("ends"))
            if ends is not None and (known is None or ends > known):
                self._out.peers.faults.append(
                    f"{one.get('path')} is newer than the list that is loaded; have it loaded"
                )

    def _refused(self) -> None:
        refusals, days = self._value.get("refusals"), whole(self._value.get("refusals_days"))
        if not isinstance(refusals, list):
            self._out.peers.said.append("who was refused isn't known: there is no journal to read")
            return
        aspects: dict[str, Aspect] = {kind: getattr(self._out, name) for kind, name in _REFUSALS.items()}
        for one in entries(refusals)[-_MOST:]:
            aspect = aspects.get(str(one.get("kind")))
            if aspect is not None:
                times = whole(one.get("count")) or 1
                often = "once" if times == 1 else f"{times} times"
                who = one.get("peer") or "somebody"
                aspect.said.append(f"refused {often} in {days} days: {who}, because {one.get('why')}")

    # readers

    def _sas(self) -> tuple[Mapping[str, Any], ...]:
        return entries(self._value.get("sas"))

    def _connections(self) -> tuple[Mapping[str, Any], ...]:
        return entries(self._value.get("connections"))

    @staticmethod
    def _peer_of(connection: Mapping[str, Any]) -> str:
        """The identity that a connection insists on; empty where it takes anybody's."""
        remote = entries(mapping(connection.get("ends")).get("remote"))
        identity = remote[0].get("identity") if remote else None
        return identity if isinstance(identity, str) and "%any" not in identity and "*" not in identity else ""


def _words(message: Mapping[str, Any]) -> list[str]:
    found = []
    listed = message.get("agreed")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
            found.append(live_word(one[0], whole(one[1])))
    return found


def _are_silent(children: Sequence[Mapping[str, Any]]) -> bool:
    """Whether something was sent for long, and nothing came back on any of them."""
    sent, received = _least(children, "last_sent"), _least(children, "last_received")
    if sent is None:
        return False
    if received is None:
        return max(whole(child.get("since")) or 0 for child in children) > _SILENT
    return received > sent + _SILENT


def _least(children: Iterable[Mapping[str, Any]], key: str) -> int | None:
    return min((moment for child in children if (moment := whole(child.get(key))) is not None), default=None)


def _traffic(children: Sequence[Mapping[str, Any]]) -> str:
    received, sent = (sum(whole(child.get(key)) or 0 for child in children) for key in ("received", "sent"))
    last = _least(children, "last_received")
    heard = ", never heard" if last is None else f", last heard {span(last)} ago"
    return f"{received} bytes in, {sent} out{heard}"


def _is_everything(selector: str) -> bool:
    try:
        return ip_network(selector.split("[")[0].strip(), strict=False).prefixlen == 0
    except ValueError:
        return False


def _newest(lists: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for one in lists:
        issuer = str(one.get("issuer"))
        if issuer not in found or str(one.get("ends")) > str(found[issuer].get("ends")):
            found[issuer] = one
    return found
