# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and marks of the report page: every state that a colour shows has both, so nobody needs the colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """How one value of the result document is shown.

    ``key`` names its colour in the style sheet, ``mark`` is one character, ``word`` stands beside it, ``meaning``
    explains it in a legend.
    """

    key: str
    mark: str
    word: str
    meaning: str = ""


STATES: Mapping[str, Word] = {
    "fail": Word("bad", "✗", "failed", "What was seen isn't what is demanded."),
    "error": Word("bad", "!", "error", "The check itself broke, so nothing is known. This never counts as passed."),
    "warn": Word("warn", "▲", "warning", "Not wrong yet, or not wrong enough to fail."),
    "not_assessed": Word("open", "?", "not assessed", "What is needed to judge it couldn't be seen."),
    "manual": Word("open", "☐", "for people", "No tool can decide this: it needs a document and an owner."),
    "waived": Word("waived", "≈", "waived", "It fails, and somebody has accepted that until a date."),
    "pass": Word("good", "✓", "passed", "What was seen is what is demanded."),
    "not_applicable": Word("quiet", "\u2013", "not applicable", "There is nothing here that it could be about."),
}
UNKNOWN = Word("open", "?", "unknown", "A state that this page has no word for.")

CELLS: Mapping[str, Word] = {
    "not enforced": Word(
        "bad", "✗", "not enforced", "No firewall rule of ours stands between them: anything may pass."
    ),
    "too open": Word("bad", "▲", "too open", "Something passes that nobody declared."),
    "too shut": Word("warn", "▼", "too shut", "Something is blocked that was declared: work may stop."),
    "not proven": Word("open", "?", "not proven", "A rule there isn't understood, so nothing is claimed."),
}
OPEN_AS_DECLARED = Word("good", "✓", "as declared", "What was declared passes, and nothing else.")
SHUT_AS_DECLARED = Word("quiet", "\u2013", "closed", "Nothing was declared, and nothing passes.")
SAME_ZONE = Word("self", "·", "same zone", "Inside a zone no firewall sees the traffic: not judged.")
NOT_STATED = Word("open", "?", "not stated", "The result says nothing about this pair.")

#: By state and weight of a row.
SEEN: Mapping[str, Word] = {
    "open fails": Word("bad", "✗", "still open", "It is open now, and nothing declares it, or not any more."),
    "passes fails": Word(
        "bad", "▲", "would be cut", "It passes, and a declared device stands in it: enforcing would cut it."
    ),
    "open warns": Word("warn", "▲", "open", "It is open now, between addresses that nobody declares."),
    "passes warns": Word("warn", "△", "passes", "It passes, between addresses that nobody declares."),
    "refused warns": Word("warn", "◆", "refused", "A declared device tries it, under the rules of now."),
    "refused notes": Word("quiet", "\u2013", "kept out", "Somebody else tried it, and was refused."),
    "earlier notes": Word("quiet", "·", "earlier", "Seen before the rules of now, and not since."),
    "probe notes": Word("quiet", "○", "report's own", "This report tries it itself, to see whether it is shut."),
}

VERDICTS: Mapping[str, Word] = {
    "pass": Word("good", "✓", "Passed"),
    "fail": Word("bad", "✗", "Not passed"),
    "incomplete": Word("open", "?", "Not complete"),
}

COVERAGE: Mapping[str, Word] = {
    "on_host": Word("good", "✓", "judged on the host", "The tool looked at the device itself."),
    "from_network": Word("part", "◇", "judged from the network", "Nobody logged in; it was tried from outside."),
    "only_declared": Word("open", "○", "only declared", "The site names it; nothing about it was checked."),
    "not_seen": Word("bad", "✗", "not seen", "It should have been looked at, but it couldn't be reached."),
}

REACHED: Mapping[str, Word] = {
    "ok": Word("good", "✓", "reached"),
    "unreachable": Word("bad", "✗", "not reachable"),
    "timeout": Word("bad", "✗", "no answer in time"),
    "failed": Word("bad", "!", "broke off"),
}

WAIVERS: Mapping[str, Word] = {
    "active": Word("waived", "≈", "active"),
    "expired": Word("bad", "✗", "expired"),
    "error": Word("bad", "!", "unusable"),
}

SEVERITIES = ("critical", "high", "medium", "low")
SEVERITY_BARS: Mapping[str, str] = {"critical": "▮▮▮▮", "high": "▮▮▮▯", "medium": "▮▮▯▯", "low": "▮▯▯▯"}

HOW: Mapping[str, str] = {
    "host": "seen on the host",
    "network": "tried over the network",
    "model": "worked out from the declared site",
}
#: Where the tool decides alone, nothing needs to be said.
JUDGEABLE: Mapping[str, str] = {
    "partial": "The tool yields evidence; people, policy or other systems decide the rest.",
    "manual": "Only people can show this.",
}
