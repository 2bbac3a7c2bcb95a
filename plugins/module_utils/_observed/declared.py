# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the rules in force declare a connection that they found undeclared all the same: then it came, or would have
left, by an interface where the site doesn't expect it. Private, pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

_THROUGH = re.compile(r"(?:exact|range)[46]_")
_INTO = re.compile(r"admit[46](_any)?$")
#: Comparisons beyond which nobody waits for an answer.
_MOST = 2_000_000


class LiveFlows:
    """The declared flows of a listing, without their interfaces. I(sets): sets of nft's JSON by name; I(own): the
    host's own addresses.
    """

    def __init__(self, sets: Mapping[str, Any], own: Iterable[str]) -> None:
        self._own = frozenset(own)
        self._points: set[tuple[str, ...]] = set()
        self._spans: list[tuple[str, tuple[tuple[int, int], ...]]] = []
        self._into: list[tuple[str, tuple[tuple[int, int], ...]]] = []
        for name, body in sets.items():
            bound = _INTO.match(name)
            if _THROUGH.match(name):
                for source, destination, protocol, port in _values(body):
                    self._through(source, destination, protocol, port)
            elif bound:
                for value in _values(body):
                    source, protocol, port = value if bound.group(1) else value[1:]
                    self._into.append((str(protocol), (_addresses(source), _ports(port))))

    def answers(self, questions: int) -> bool:
        """Whether so many questions can be answered in reasonable time."""
        return questions * max(len(self._spans), len(self._into)) <= _MOST

    def declare(self, source: str, destination: str, protocol: str, port: int) -> bool:
        """Whether a flow is declared, whatever its interfaces."""
        if destination in self._own:
            return _within(self._into, protocol, (_number(source), port))
        if (source, destination, protocol, str(port)) in self._points:
            return True
        return _within(self._spans, protocol, (_number(source), _number(destination), port))

    def _through(self, source: Any, destination: Any, protocol: Any, port: Any) -> None:
        if any(isinstance(part, dict) for part in (source, destination, port)):
            self._spans.append((str(protocol), (_addresses(source), _addresses(destination), _ports(port))))
        else:
            self._points.add((str(source), str(destination), str(protocol), str(port)))


def _values(body: Mapping[str, Any]) -> Iterable[list[Any]]:
    for element in body.get("elem", ()):
        value = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
        yield value["concat"]


def _within(spans: Iterable[tuple[str, tuple[tuple[int, int], ...]]], protocol: str, point: tuple[int, ...]) -> bool:
    return any(
        name == protocol and all(first <= value <= last for value, (first, last) in zip(point, span))
        for name, span in spans
    )


def _addresses(value: Any) -> tuple[int, int]:
    if isinstance(value, dict) and "prefix" in value:
        network = ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}")
        return _number(str(network[0])), _number(str(network[-1]))
    first, last = value["range"] if isinstance(value, dict) else (value, value)
    return _number(first), _number(last)


def _number(address: str) -> int:
    """IPv6 addresses lie beyond all of IPv4's, so that one is never taken for the other."""
    parsed = ip_address(address)
    return int(parsed) + (1 << 32 if parsed.version == 6 else 0)


def _ports(value: Any) -> tuple[int, int]:
    first, last = value["range"] if isinstance(value, dict) else (value, value)
    return int(first), int(last)
