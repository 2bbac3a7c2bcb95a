# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Defender Antivirus on Windows: a script to hand over, of Microsoft's cmdlets. Nothing here runs it."""

from __future__ import annotations

from collections.abc import Iterator

from ..policy import AntivirusPolicy, Rendered, RenderedFile

#: Windows PowerShell 5.1 reads a script without it in the system's old code page.
_BYTE_ORDER_MARK = "\ufeff"
_PARAMETERS = {"path": "ExclusionPath", "process": "ExclusionProcess"}


def render(policy: AntivirusPolicy) -> Rendered:
    """The script for one device; its path is a file name, for whoever hands it over."""
    lines = "\n".join(_script(policy)) + "\n"
    file = RenderedFile(f"{policy.host}-defender-exclusions.ps1", _BYTE_ORDER_MARK + lines, "0600", applied=False)
    return Rendered((file,), ("The file is to be handed over: it has not been applied.",))


def _script(policy: AntivirusPolicy) -> Iterator[str]:
    yield f"# NOT APPLIED. Antivirus exclusions for {policy.host}, to be run there by whoever the vendor allows to."
    yield "#Requires -RunAsAdministrator"
    yield "$ErrorActionPreference = 'Stop'"
    for kind, parameter in _PARAMETERS.items():
        for one in (one for one in policy.exclusions if one.kind == kind):
            yield f"# vendor profile {one.profile}"
            yield f"Add-MpPreference -{parameter} {quoted(one.value)}"
    yield "# What is in force, for the report. Whatever stands there and not above was opened by somebody else."
    yield "Get-MpPreference | Format-List ExclusionPath, ExclusionProcess, ExclusionExtension"


def quoted(text: str) -> str:
    """A string that PowerShell takes literally; it knows typographic apostrophes as quotes, too."""
    for apostrophe in "'\u2018\u2019\u201a\u201b":
        text = text.replace(apostrophe, apostrophe * 2)
    return f"'{text}'"
