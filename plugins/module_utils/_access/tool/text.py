# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(pacs-access): grants, lists and ends windows on the firewall itself, without Ansible and without Python.

One script in POSIX shell. The kernel ends a window; the script only writes down what is open, so that a restart of the
host gives back what is left of it and never more. Private, pure data.
"""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import KEEP_TIMER, AccessLayout
from ansible_collections.pacs.hardening.plugins.module_utils._access.tool.commands import COMMANDS
from ansible_collections.pacs.hardening.plugins.module_utils._access.tool.windows import WINDOWS
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.common import LOCK, SPEECH


def tool_text(layout: AccessLayout) -> str:
    """The whole script for this layout."""
    text = _HEAD + SPEECH + LOCK + WINDOWS + COMMANDS + _MAIN
    values = {
        "@INTERVENTIONS@": layout.interventions,
        "@STATE@": layout.state,
        "@RUN@": layout.run,
        "@TIMER@": KEEP_TIMER,
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text


_HEAD = r"""#!/bin/sh
# pacs-access: written by the Ansible collection pacs.hardening. Changes here are overwritten.
#
# A window is a file in STATE/open, and elements of sets of table inet pacs that carry its id as comment and end by
# their timeout. What is granted stands in files of INTERVENTIONS. Both have lines of a word and a value.
set -u
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C
INTERVENTIONS=@INTERVENTIONS@
STATE=@STATE@
RUN=@RUN@
NAME=pacs-access
on_call=
"""

_MAIN = r"""
usage() {
    cat <<USAGE
usage: pacs-access list                  windows that are open
       pacs-access interventions         what can be granted
       pacs-access grant NAME --for 60m --ticket NUMBER --reason 'TEXT'
       pacs-access extend ID --for 60m --ticket NUMBER --reason 'TEXT'
       pacs-access revoke ID             end a window and its sessions now; all for every one

The host itself uses: boot, keep.
USAGE
}

if [ "${1:-}" = --on-call ]; then on_call=1; shift; fi
command=${1:-}
[ $# = 0 ] || shift
case $command in
    list) list "$@" ;;
    interventions) begin interventions; show_grantable ;;
    grant) grant "$@" ;;
    extend) extend "$@" ;;
    revoke) revoke "$@" ;;
    boot | keep) if [ -n "$on_call" ]; then die "'$command' is for the host itself"; fi; "$command" ;;
    help | -h | --help) usage ;;
    '') usage >&2; exit 1 ;;
    *) say "'$(line "$command")' is no command of this tool"; usage >&2; exit 1 ;;
esac
"""
