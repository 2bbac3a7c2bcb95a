# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make a host able to undo a change without Ansible, Python or us. Private, pure data.

C(pacs-firewall) rolls back and loads at boot; its unit runs it at boot; the drop-in makes Debian's and RHEL's
C(nftables.service), which flush every table on start, reload and stop, carry our tables over in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, Layout


@dataclass(frozen=True)
class HostFile:
    """A file to be found on the host with exactly this content, owned by root. I(mode) is its permission bits."""

    path: str
    content: str
    mode: int


def host_files(layout: Layout) -> tuple[HostFile, ...]:
    """The host's files for this layout: the tool, the boot unit, the drop-in."""
    return (
        HostFile(layout.tool, _fill(_TOOL, layout), 0o755),
        HostFile(f"{layout.units}/{BOOT_UNIT}", _fill(_UNIT, layout), 0o644),
        HostFile(f"{layout.units}/nftables.service.d/pacs-hardening.conf", _fill(_DROP_IN, layout), 0o644),
    )


def _fill(template: str, layout: Layout) -> str:
    values = {
        "@JOURNAL@": layout.journal,
        "@RUN@": layout.run,
        "@TOOL@": layout.tool,
        "@TABLES@": " ".join(table.replace(" ", ":") for table in TABLES),
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template


_UNIT = """\
# Written by the Ansible collection pacs.hardening. Changes here are overwritten.
[Unit]
Description=PACS firewall rules (roll back what nobody confirmed, load the last confirmed)
DefaultDependencies=no
RequiresMountsFor=@JOURNAL@ @TOOL@
# After nftables.service, which flushes every table; before any network is up.
After=local-fs.target nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
# No ExecStop: stopping this unit leaves the rules in force.
ExecStart=@TOOL@ boot

[Install]
WantedBy=sysinit.target
"""

_DROP_IN = """\
# Written by the Ansible collection pacs.hardening. Changes here are overwritten.
# The distribution's commands flush every table. These do what they do, and keep our tables, in one transaction.
[Unit]
RequiresMountsFor=@TOOL@

[Service]
ExecStart=
ExecStart=@TOOL@ nftables-start
ExecReload=
ExecReload=@TOOL@ nftables-reload
ExecStop=
ExecStop=@TOOL@ nftables-stop
"""

_TOOL = r"""#!/bin/sh
# pacs-firewall: written by the Ansible collection pacs.hardening. Changes here are overwritten.
#
#   pacs-firewall rollback ID        put back the rules from before change ID, unless it was confirmed
#   pacs-firewall boot               roll back every unconfirmed change, then load the last confirmed rules
#   pacs-firewall live               write our tables, as they are now, to @RUN@/live.nft
#   pacs-firewall nftables-start|nftables-reload|nftables-stop
#                                    what nftables.service does, our tables kept, in one transaction
#
# A change is a folder in one of JOURNAL/{staging,pending,confirmed,rolled_back}; one rename decides what becomes of it.
set -u
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C
JOURNAL=@JOURNAL@
RUN=@RUN@
TABLES='@TABLES@'

say() { echo "pacs-firewall: $*" >&2; }
die() { say "$*"; exit 1; }

valid_id() {
    case $1 in
        *[!0-9a-f-]* | *-*-* | *[a-f]*-*) return 1 ;;
        ????????-????????) return 0 ;;
    esac
    return 1
}

# Ids in a state, oldest first: the shell sorts a pattern's matches, and ids are of one length.
ids() {
    for directory in "$JOURNAL/$1"/*; do
        if [ -d "$directory" ] && valid_id "${directory##*/}"; then echo "${directory##*/}"; fi
    done
}

newest_first() {
    reversed=
    for one in $(ids "$1"); do reversed="$one $reversed"; done
    echo "$reversed"
}

# A stuck process must not keep the old rules from coming back: after some seconds go on without the lock. The rename
# still decides.
lock() {
    mkdir -p "$RUN" || die "can't create $RUN"
    exec 9>>"$RUN/lock" || die "can't open $RUN/lock"
    flock -w "$1" 9 || say "went on without the lock"
}

settle() { sync "$JOURNAL/pending" "$JOURNAL/confirmed" "$JOURNAL/rolled_back" 2>/dev/null || :; }

# The newest confirmed rules of a table that load; older ones if those don't. Nothing confirmed: nothing to do.
load_confirmed() {
    tried=
    for older in $(newest_first confirmed); do
        candidate=$JOURNAL/confirmed/$older
        [ "$(cat "$candidate/table" 2>/dev/null)" = "$1" ] || continue
        if nft -f "$candidate/candidate.nft"; then
            [ -z "$tried" ] || say "LOADED OLDER RULES: change $older of table $1; later ones ($tried) do not load"
            return 0
        fi
        tried="$older $tried"
    done
    [ -n "$tried" ] || return 0
    say "NO CONFIRMED RULES OF TABLE $1 LOAD ($tried)"
    if [ "$1" = "inet pacs" ] && ! nft list table inet pacs >/dev/null 2>&1; then
        # Never an open forwarder. Input stays open so that somebody can come and mend it.
        say "EMERGENCY RULES: nothing is forwarded any more"
        printf '%s\n' 'table inet pacs {' 'chain forward {' 'type filter hook forward priority filter; policy drop;' \
            '}' '}' | nft -f -
    fi
    return 1
}

rollback() {
    id=$1
    valid_id "$id" || die "not a change id: $id"
    lock 5
    if [ -d "$JOURNAL/pending/$id" ] && ! mv -T "$JOURNAL/pending/$id" "$JOURNAL/rolled_back/$id"; then
        # A disk that can't even rename: the rules matter more than the books, and nobody can confirm the change either.
        nft -f "$JOURNAL/pending/$id/previous.nft"
        die "the journal can't be written; the rules from before change $id were loaded nevertheless"
    fi
    directory=$JOURNAL/rolled_back/$id
    if [ ! -d "$directory" ]; then
        [ -d "$JOURNAL/confirmed/$id" ] || die "no change $id"
        say "change $id was confirmed; nothing to undo"
        return 0
    fi
    if [ -e "$directory/unrestored" ]; then
        if ! nft -f "$directory/previous.nft"; then
            say "the rules from before change $id do not load; trying the last confirmed ones"
            load_confirmed "$(cat "$directory/table")" || die "change $id could not be undone"
        fi
        rm -f "$directory/unrestored"
        settle
        say "change $id was not confirmed: the rules from before it are in force again"
    fi
    # Also ends this very timer's unit; by name, because the change may be undone early.
    if [ -d /run/systemd/system ]; then
        systemctl --no-block stop "pacs-firewall-rollback-$id.timer" 2>/dev/null || :
    fi
}

boot() {
    lock 30
    failed=0
    first=
    [ -e "$RUN/booted" ] || first=1
    undone=
    if [ -n "$first" ]; then
        for id in $(ids pending); do
            mv -T "$JOURNAL/pending/$id" "$JOURNAL/rolled_back/$id" || { failed=1; continue; }
            undone="$undone $id"
            say "change $id was not confirmed before the restart: rolled back"
        done
    fi
    # Word by word, and not through a pipe, so that `failed` survives.
    for word in $TABLES; do
        table="${word%%:*} ${word##*:}"
        skip=
        for id in $(ids pending); do
            if [ "$(cat "$JOURNAL/pending/$id/table" 2>/dev/null)" = "$table" ]; then skip=1; fi
        done
        [ -n "$skip" ] || load_confirmed "$table" || failed=1
    done
    if [ "$failed" = 0 ] && [ -n "$first" ]; then rm -f "$JOURNAL"/rolled_back/*/unrestored; fi
    [ -z "$undone" ] || settle
    : >>"$RUN/booted"
    return "$failed"
}

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

case ${1:-} in
    rollback) [ $# = 2 ] || die "usage: pacs-firewall rollback ID"; rollback "$2" ;;
    boot) boot ;;
    live) lock 30; live ;;
    nftables-start | nftables-reload | nftables-stop) nftables_service "${1#nftables-}" ;;
    *) die "usage: pacs-firewall rollback ID | boot | live" ;;
esac
"""
