# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel has put into sets by itself, or for a time only, from one ruleset into the next. Private, pure.

A table is replaced as a whole, and with it go the elements of its sets: what was seen, and what was opened for a while.
They are read before, and added again in the same transaction, each with the time that it has left: never more. nft can
be told only a duration, so what passes between reading and loading is taken off, generously.

Input is nft's text: for sets C(nft list table) or a ruleset's own text, for elements C(nft -n list set).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

# Anything without braces, strings in it whole; unrolled, so that no text takes long.
_FLAT = r'[^{}"]*(?:"[^"\n]*"[^{}"]*)*'
_SET = re.compile(
    rf"(?:^|(?<=[;{{]))[ \t]*set[ \t]+(?P<name>[^\s{{]+)\s*"
    rf"\{{(?P<head>{_FLAT})(?P<block>\{{(?P<elements>{_FLAT})\}}(?P<tail>{_FLAT}))?\}}",
    re.MULTILINE,
)
_ELEMENTS = re.compile(r"[ \t]*elements[ \t]*=[ \t]*\Z")
_TIME = r"(?:[0-9]+(?:ms|[dhms]))+"
_FIELD = r'(?:[A-Za-z0-9_:./*+-]+|"[A-Za-z0-9_:./*@-]+")'
_ELEMENT = re.compile(
    rf"\s*(?P<key>{_FIELD}(?: \. {_FIELD})*)"
    r"(?: counter packets (?P<packets>[0-9]+) bytes (?P<bytes>[0-9]+))?"
    rf"(?: timeout (?P<timeout>{_TIME}))?(?: expires (?P<expires>{_TIME}))?"
    r'(?: comment "(?P<comment>[^"\n]*)")?\s*(?:,|\Z)'
)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# What nft takes to load: a second, and one more for each so many elements (measured: ten times as many).
_LOADING, _ELEMENTS_A_SECOND = 1.0, 10_000


@dataclass(frozen=True)
class DynamicSet:
    """A set whose elements come and go: it has the flag C(timeout) (I(timed)) or C(dynamic).

    I(type): its line C(type ...) or C(typeof ...). I(timeout): seconds that an element gets unless it has its own,
    I(size): how many elements it can hold; None without such a line. I(filled): the text itself lists elements.
    """

    name: str
    type: str
    timed: bool
    timeout: float | None = None
    size: int | None = None
    counter: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Element:
    """An element as nft lists it. Times in seconds; I(timeout) only if it isn't the set's, I(expires) only in a timed
    set.
    """

    key: str
    counter: tuple[int, int] | None = None
    timeout: float | None = None
    expires: float | None = None
    comment: str | None = None


def dynamic_sets(text: str) -> dict[str, DynamicSet]:
    """The dynamic sets of a ruleset's text, by name."""
    found = {}
    for match in _SET.finditer(text):
        statements = dict(_statements(f"{match['head']}\n{match['tail'] or ''}"))
        flags = re.split(r"[\s,]+", statements.get("flags", ""))
        kind = next((f"{word} {statements[word]}" for word in ("type", "typeof") if word in statements), "")
        if kind and ("timeout" in flags or "dynamic" in flags):
            found[match["name"]] = DynamicSet(
                match["name"],
                kind,
                "timeout" in flags,
                seconds(statements["timeout"]) if "timeout" in statements else None,
                int(statements["size"]) if statements.get("size", "").isdigit() else None,
                "counter" in statements,
                bool((match["elements"] or "").strip()),
            )
    return found


def without_elements(text: str, names: Iterable[str]) -> str:
    """The text with the sets I(names) empty."""
    emptied = frozenset(names)

    def empty(match: re.Match[str]) -> str:
        if match["name"] not in emptied or match["block"] is None:
            return match.group()
        start = match.start()
        head = match.group()[: match.start("block") - start]
        return _ELEMENTS.sub("", head) + (match["tail"] or "").lstrip("\n") + "}"

    return _SET.sub(empty, text)


def elements_of(listing: str) -> list[Element]:
    """The elements in the listing of one set. Raises HardeningError for what isn't understood, which isn't carried."""
    match = _SET.search(listing)
    if match is None:
        raise HardeningError("the listing of the set isn't understood")
    text = (match["elements"] or "").strip()
    found, position = [], 0
    while position < len(text):
        element = _ELEMENT.match(text, position)
        if element is None or element.end() == position:
            raise HardeningError(
                f"the element {text[position : position + 60].split(',')[0].strip()!r} isn't understood"
            )
        found.append(
            Element(
                element["key"],
                (int(element["packets"]), int(element["bytes"])) if element["packets"] else None,
                seconds(element["timeout"]) if element["timeout"] else None,
                seconds(element["expires"]) if element["expires"] else None,
                element["comment"],
            )
        )
        position = element.end()
    return found


def keeps(new: DynamicSet | None, old: DynamicSet) -> bool:
    """Whether what I(old) holds belongs into I(new): the same type, and empty in its own text. A text that lists
    elements says what they shall be.
    """
    return new is not None and (new.type, new.timed) == (old.type, old.timed) and not new.filled


def carried(elements: Iterable[Element], old: DynamicSet, new: DynamicSet, passed: float) -> list[str]:
    """The elements as C(add element) takes them, I(passed) seconds after they were read; the longest-lived if I(new)
    holds fewer. Without those whose time is over, and without those that never end in a timed set: nobody but a hand
    puts them there, and a replaced table doesn't keep what was added by hand.
    """
    alive: list[tuple[int, str]] = []
    for item in elements:
        left, words = 0, [item.key]
        if item.counter is not None and new.counter:
            words.append(f"counter packets {item.counter[0]} bytes {item.counter[1]}")
        if old.timed:
            whole = old.timeout if item.timeout is None else item.timeout
            left = -1 if item.expires is None else int(item.expires - passed)
            if left < 1 or whole is None:
                continue
            if whole != new.timeout:
                words.append(f"timeout {max(left, int(whole))}s")
            words.append(f"expires {left}s")
        if item.comment is not None:
            words.append(f'comment "{item.comment}"')
        alive.append((left, " ".join(words)))
    if new.size is not None and len(alive) > new.size:
        alive.sort(key=lambda one: one[0], reverse=True)
        del alive[new.size :]
    return [text for _left, text in alive]


def loading_time(elements: int) -> float:
    """Seconds that loading so many elements takes at most: added to the time that has passed."""
    return _LOADING + elements / _ELEMENTS_A_SECOND


def add_script(table: str, lines: Mapping[str, Sequence[str]]) -> str:
    """The statements that add the lines of carried(), by the name of their set."""
    statements = []
    for name, elements in lines.items():
        if elements:
            statements.append(f"add element {table} {name} {{\n" + ",\n".join(elements) + "\n}\n")
    return "".join(statements)


def sets_text(sets: Iterable[DynamicSet]) -> str:
    """Names and types of sets, a line each, for the host tool."""
    return "".join(f"{item.name} {item.type}\n" for item in sets)


def seconds(text: str) -> float:
    """nft's time (C(29d23h59m59s996ms), C(30d), C(1800s)) in seconds."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ms|[dhms])", text))


def _statements(body: str) -> Iterable[tuple[str, str]]:
    for line in re.split(r"[;\n]", body):
        word, _blank, rest = line.strip().partition(" ")
        if word:
            yield word, " ".join(rest.split())
