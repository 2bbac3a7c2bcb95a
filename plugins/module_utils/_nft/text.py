# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ruleset text: make sure that it is one table and nothing else, and build the scripts that put it in force.

The text comes from the compiler or from a user's hand. C(nft -f) would execute whatever else stands in it (C(flush
ruleset), C(include), another table), so it is scanned here before any program sees it. Private, pure.
"""

from __future__ import annotations

import hashlib
import re

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

# Legal inside a table block by nft's grammar (common_block), and each reaches outside the text given.
_REACHING_OUT = ("include", "define", "redefine", "undefine")
_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+) | (?P<comment>\#[^\n]*) | (?P<newline>\n) | (?P<open>\{) | (?P<close>\}) | (?P<semicolon>;)
      | (?P<string>"[^"\n]*") | (?P<word>[^\s"{};\#]+)""",
    re.VERBOSE,
)
# Control characters, and the Unicode line separators, line-drawing tricks and surrogates that make a listing read
# differently from what nft sees.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

_SEAL = "# sha256 "


def check_ruleset(text: str, table: str) -> None:
    """Refuse any text that is not exactly one C(table FAMILY NAME { ... }) block of I(table) (for example C(inet
    pacs)).

    Comments around and inside are fine. Raises HardeningError with the line number and what to change.
    """
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise HardeningError(
            f"ruleset line {line}: the character U+{ord(bad.group()):04X} is not allowed; use printable "
            f"text, tabs and line feeds only"
        )
    header: list[str] = []
    depth = 0
    closed = False
    starts_statement = True
    for kind, token, line in _tokens(text):
        if kind in ("blank", "comment"):
            continue
        if kind in ("newline", "semicolon"):
            starts_statement = True
            continue
        if closed:
            raise HardeningError(
                f"ruleset line {line}: {token!r} stands after the end of the table; give only `table "
                f"{table} {{ ... }}`, "
                "one block, and no other statement"
            )
        if kind == "open":
            if depth == 0:
                _check_header(header, table, line)
            depth += 1
            starts_statement = True
        elif kind == "close":
            depth -= 1
            if depth < 0:
                raise HardeningError(f"ruleset line {line}: a closing brace without an opening one")
            closed = depth == 0
            starts_statement = True
        elif depth == 0:
            header.append(token)
            _check_header_so_far(header, table, line)
        else:
            if starts_statement and token in _REACHING_OUT:
                raise HardeningError(
                    f"ruleset line {line}: `{token}` is not allowed inside the table; write the values out"
                )
            starts_statement = False
    if depth > 0:
        raise HardeningError(f"ruleset: {depth} brace(s) opened and never closed")
    if not closed:
        raise HardeningError(f"ruleset: no table in it; give `table {table} {{ ... }}`")


def replace_script(table: str, listing: str | None) -> str:
    """The script that puts I(listing) (a C(table ...) block) in force in one transaction, whatever is there now; None
    removes the table.

    The first line makes the delete legal when the table is absent (C(destroy) is a syntax error in nft 1.0.6).
    """
    head = f"table {table}\ndelete table {table}\n"
    if listing is None:
        return head
    return head + listing + ("" if listing.endswith("\n") else "\n")


def ruleset_of(script: str) -> str | None:
    """The C(table ...) block of a script that replace_script() made, None where it removes the table."""
    block = script.split("\n", 2)[2]
    return block or None


def seal(script: str) -> str:
    """The script with its own digest as the last line, a comment to nft.

    A file that was cut short can be good nft (an empty one, or the two lines that remove the table); its seal tells.
    The host tool checks it before it loads anything of the journal.
    """
    whole = script if script.endswith("\n") else script + "\n"
    return f"{whole}{_SEAL}{digest(whole)}\n"


def unseal(text: str | None) -> str | None:
    """What was sealed; None if it is missing, isn't whole, or isn't sealed."""
    if text is None:
        return None
    script, mark, found = text.rpartition(_SEAL)
    return script if mark and found == f"{digest(script)}\n" else None


def warm_up_ruleset(table: str) -> str:
    """A table that permits everything but makes the kernel track connections, so that running ones are known when the
    real policy comes.
    """
    lines = [f"table {table} {{", '  comment "pacs.hardening warm-up: tracks connections, permits everything"']
    for hook in ("input", "forward"):
        lines += [
            f"  chain {hook} {{",
            f"    type filter hook {hook} priority filter; policy accept;",
            "    ct state established,related,new accept",
            "  }",
        ]
    return "\n".join([*lines, "}", ""])


def digest(text: str) -> str:
    """SHA-256 of the text, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            # Only a quote that doesn't end on its line gets here. nft itself would read on over the line feed, and
            # its listing prints such a string unescaped, so that restoring it would execute the rest of the string.
            raise HardeningError(f"ruleset line {line}: a string must end on the line on which it begins")
        kind, token = str(match.lastgroup), match.group()
        if kind == "word" and "\\" in token:
            raise HardeningError(
                f"ruleset line {line}: a backslash is not allowed outside of a string; write the statement on one line"
            )
        found.append((kind, token, line))
        line += token.count("\n")
        position = match.end()
    return found


def _check_header_so_far(header: list[str], table: str, line: int) -> None:
    wanted = ["table", *table.split(" ")]
    if header != wanted[: len(header)]:
        raise HardeningError(
            f"ruleset line {line}: found `{' '.join(header)}` where only `table {table} {{ ... }}` may stand; "
            "this module writes that one table and executes no other statement"
        )


def _check_header(header: list[str], table: str, line: int) -> None:
    if len(header) != 3:
        raise HardeningError(f"ruleset line {line}: a block without the heading `table {table}`")
