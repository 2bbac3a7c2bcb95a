# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host tool C(pacs-firewall): one script in POSIX shell, put together from a part for each job. Private, pure."""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.common import ALARM, COMMON, LOCK, SPEECH
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.console import CONSOLE
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.enforce import ENFORCE
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.journal import JOURNAL
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.main import MAIN
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.opening import OPENING
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.rollback import ROLLBACK
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.service import SERVICE


def tool_text(layout: Layout) -> str:
    """The whole script for this layout."""
    values = {
        "@JOURNAL@": layout.journal,
        "@RUN@": layout.run,
        "@TABLES@": " ".join(table.replace(" ", ":") for table in TABLES),
    }
    text = "".join((COMMON, SPEECH, ALARM, LOCK, JOURNAL, ENFORCE, ROLLBACK, SERVICE, CONSOLE, OPENING, MAIN))
    for name, value in values.items():
        text = text.replace(name, value)
    return text
