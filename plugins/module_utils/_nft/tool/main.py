# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: its commands. Private, pure data."""

from __future__ import annotations

MAIN = r"""
case ${1:-} in
    rollback) [ $# = 2 ] || die "usage: pacs-firewall rollback ID"; rollback "$2" ;;
    boot) boot ;;
    remember) remember ;;
    live) lock 30; live ;;
    nftables-start | nftables-reload | nftables-stop) nftables_service "${1#nftables-}" ;;
    *) die "usage: pacs-firewall rollback ID | boot | live" ;;
esac
"""
