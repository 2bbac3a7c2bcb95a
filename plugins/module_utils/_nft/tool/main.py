# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: its commands. Private, pure data."""

from __future__ import annotations

MAIN = r"""
usage() {
    cat <<USAGE
usage: pacs-firewall status                             what is in force, what is pending, what is open
       pacs-firewall undo                               back to the rules from before the last change
       pacs-firewall open --for 30m --reason 'TEXT'     let everything pass for a while, at most 4h; it ends by itself
       pacs-firewall close                              end an opening now

The host itself uses: rollback ID, boot, remember, live, nftables-start, nftables-reload, nftables-stop.
USAGE
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
    status) [ $# = 0 ] || die "use it like this: pacs-firewall status"; status ;;
    undo) [ $# = 0 ] || die "use it like this: pacs-firewall undo"; undo ;;
    open) open_up "$@" ;;
    close) close_down "$@" ;;
    rollback) [ $# = 1 ] || die "use it like this: pacs-firewall rollback ID"; rollback "$1" ;;
    boot) boot ;;
    remember) remember ;;
    live) lock 30; live ;;
    nftables-start | nftables-reload | nftables-stop) nftables_service "${command#nftables-}" ;;
    help | -h | --help) usage ;;
    '') usage >&2; exit 1 ;;
    *) say "'$command' is no command of this tool"; usage >&2; exit 1 ;;
esac
"""
