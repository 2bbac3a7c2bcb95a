# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what is wanted with what was observed on the host, and say what would change. Private, pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import digest


@dataclass(frozen=True)
class Wanted:
    """The table as it shall be. I(text) is None when it shall be absent.

    I(canonical), I(listing): what this host's own nft makes of the text (canonical JSON; text without counters); None
    where that couldn't be learnt, because nft or private namespaces are missing. I(fallback): the text to be loaded at
    a boot at which no confirmed one loads; None leaves whatever is stored.
    """

    text: str | None
    canonical: str | None = None
    listing: str | None = None
    fallback: str | None = None

    @property
    def kind(self) -> str:
        """The word in the journal."""
        return "absent" if self.text is None else "present"

    @property
    def text_sha256(self) -> str:
        """Digest of the text, of nothing when the table shall be absent."""
        return digest(self.text or "")

    @property
    def canonical_sha256(self) -> str | None:
        """Digest of the canonical JSON, None where it isn't known."""
        if self.text is None:
            return canonical_digest(None)
        return None if self.canonical is None else digest(self.canonical)


@dataclass(frozen=True)
class Observed:
    """The host as it is. I(listing), I(canonical): the live table, None when there is none (or, for canonical, when
    it can't be relied upon).

    I(confirmed): the change that the boot unit would load; I(fallback): the text stored with it, None without one.
    I(host_faults): (what, how it is, how it shall be) for files and units.
    """

    listing: str | None
    canonical: str | None
    confirmed: Change | None
    host_faults: tuple[tuple[str, str, str], ...] = ()
    fallback: str | None = None


@dataclass(frozen=True)
class Plan:
    """What to do: I(replace) the table, I(install) the host's files, I(store_fallback) beside the change that is in
    force already; I(before) and I(after) are the texts of the diff.
    """

    replace: bool
    install: bool
    store_fallback: bool
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return self.replace or self.install or self.store_fallback


def canonical_digest(canonical_text: str | None) -> str:
    """Digest of a live table's canonical JSON; of nothing when the table is absent."""
    return digest(canonical_text or "")


def make_plan(wanted: Wanted, observed: Observed) -> Plan:
    """Decide. A table that shall be absent needs no files on a host that never had one."""
    if wanted.text is None:
        replace = observed.listing is not None or (
            observed.confirmed is not None and observed.confirmed.kind == "present"
        )
        install = replace and bool(observed.host_faults)
    else:
        replace = not _in_force(wanted, observed)
        install = bool(observed.host_faults)
    before, after = observed.listing or "", _after(wanted, observed, replace)
    if replace and before == after:
        reason = "not confirmed yet" if observed.confirmed is None else "another text was confirmed last"
        before += f"# boot: {reason}\n"
        after += "# boot: this ruleset\n"
    if install:
        before += "".join(f"# {what}: {now}\n" for what, now, _then in observed.host_faults)
        after += "".join(f"# {what}: {then}\n" for what, _now, then in observed.host_faults)
    differs = wanted.fallback is not None and wanted.fallback != observed.fallback
    if differs:
        before += _commented(observed.fallback)
        after += _commented(wanted.fallback)
    return Plan(replace, install, differs and not replace, before, after)


def _commented(fallback: str | None) -> str:
    """The fallback as a part of the diff that can't be taken for rules in force."""
    return "".join(f"# fallback: {line}\n" for line in (fallback or "none").splitlines())


def _in_force(wanted: Wanted, observed: Observed) -> bool:
    confirmed = observed.confirmed
    if observed.canonical is None or confirmed is None or confirmed.kind != "present":
        return False
    if confirmed.text_sha256 != wanted.text_sha256:
        return False
    if wanted.canonical is not None:
        return wanted.canonical == observed.canonical
    # No private namespace to ask: the listing that was read back when this very text was applied.
    return confirmed.canonical_sha256 == canonical_digest(observed.canonical)


def _after(wanted: Wanted, observed: Observed, replace: bool) -> str:
    if not replace or (wanted.canonical is not None and wanted.canonical == observed.canonical):
        # Equal policy may still be listed in another order.
        return observed.listing or ""
    return wanted.listing if wanted.listing is not None else (wanted.text or "")
