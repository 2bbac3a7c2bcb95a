"""Mistakes a renderer could make, made in the text that it has rendered for the declared site."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_MAP = r"ip6? saddr \. ip6? daddr vmap \{([^}]*)\}"


def _instead(pattern: str, text: str = "") -> Callable[[str], str]:
    return lambda rules: re.sub(pattern, text, rules, flags=re.MULTILINE)


def _jumps(found: re.Match[str]) -> str:
    """The rules that go wherever a map might go."""
    return "\n".join(dict.fromkeys(re.findall(r"jump \w+", found[1])))


MISTAKES: Mapping[str, Callable[[str], str]] = {
    "IPv6 is forgotten": _instead(r"^.*@(exact|range|ping)6_.*$"),
    "IPv6 is open": _instead(r"(hook forward .*policy drop;)", r"\1 meta nfproto ipv6 accept;"),
    "IPv6 of the firewall is closed": _instead(r"^.*@admit6 accept$"),
    "a prefix is one bit too wide": _instead(r"10\.40\.0\.0/24( \. 10\.30)", r"10.40.0.0/23\1"),
    "a prefix of IPv6 is one bit too wide": _instead(r"fd00:40::/64( \. fd00:30)", r"fd00:40::/63\1"),
    "a range of ports is one too long": _instead("8000-8010", "8000-8011"),
    "a range of ports is one too short": _instead("8000-8010", "8000-8009"),
    "UDP is TCP": _instead(r"\. udp \.", ". tcp ."),
    "a declared network counts as outside": _instead(r"^(\t+)10\.98\.3\.0-", r"\g<1>10.98.2.0-"),
    "whoever is behind a leg is every zone there": lambda rules: re.sub(_MAP, _jumps, rules),
    "only one of two maps is asked": lambda rules: re.sub(_MAP + r"\s*(?=ip6? saddr)", "", rules),
    "source and destination are swapped": _instead(
        r"ip saddr \. ip daddr( \. meta.*@exact4)", r"ip daddr . ip saddr\1"
    ),
    "answers are dropped": _instead("established : accept, "),
    "what isn't declared passes": _instead("(hook forward priority filter; policy) drop", r"\1 accept"),
    "the firewall itself is open": _instead("(hook input priority filter; policy) drop", r"\1 accept"),
    "administration comes by any interface": _instead(r"iifname \. ip saddr .*@admit4 accept", "tcp dport 22 accept"),
    "it does so for the firewall itself": _instead(r'("external0" \. )10\.98\.3\.0-', r"\g<1>10.98.2.0-"),
    "an interface is another's": _instead('"partner0" . "downlink0"', '"dmz0" . "downlink0"'),
    "ping opens every kind of ICMP": _instead(
        r"^\t\tip saddr \. ip daddr \. icmp type .*$", "meta l4proto icmp accept"
    ),
}
