# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: stand in for the commands of nftables.service. Private, pure data."""

from __future__ import annotations

SERVICE = r"""
# Our tables as they are now, counters and the remaining time of set elements included. Fails if one is there and
# can't be listed.
live() {
    : >"$RUN/live.new" || return 1
    there=$(nft list tables) || return 1
    for word in $TABLES; do
        table="${word%%:*} ${word##*:}"
        printf '%s\n' "$there" | grep -Fqx "table $table" || continue
        # shellcheck disable=SC2086  # family and name are two words
        { echo "table $table"; echo "delete table $table"; nft list table $table; } >>"$RUN/live.new" || return 1
        tail -n 1 "$RUN/live.new" | grep -qx '}' || return 1
    done
    mv "$RUN/live.new" "$RUN/live.nft"
}

distribution_conf() {
    for conf in /etc/sysconfig/nftables.conf /etc/nftables.conf; do
        if [ -e "$conf" ]; then echo "$conf"; return; fi
    done
}

nftables_service() {
    lock 30
    live || die "our tables can't be listed; nothing was done, so that they stay in force"
    conf=$(distribution_conf)
    {
        if [ "$1" = stop ]; then
            echo 'flush ruleset'
        else
            # RHEL's own reload flushes first; Debian's file does so itself.
            case "$1 $conf" in 'reload /etc/sysconfig/'*) echo 'flush ruleset' ;; esac
            if [ -n "$conf" ]; then echo "include \"$conf\""; fi
        fi
        echo "include \"$RUN/live.nft\""
    } >"$RUN/nftables.nft" && nft -f "$RUN/nftables.nft"
}
"""
