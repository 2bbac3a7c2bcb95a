# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: undo a change, and load at boot. Private, pure data."""

from __future__ import annotations

ROLLBACK = r"""
# The rules from before a change that was moved to rolled_back. If they are damaged: what was confirmed before it; and
# if nothing was, no table, as there was none.
restore() {
    table=$(table_of "$1")
    enforce "$1/previous.nft" && return 0
    say "the rules from before this change are damaged or do not load; trying the last confirmed ones"
    if [ -z "$table" ]; then
        for word in $TABLES; do enforce_best "${word%%:*} ${word##*:}" || [ $? = 2 ] || return 1; done
        return 0
    fi
    enforce_best "$table"
    case $? in
        0) return 0 ;;
        1) return 1 ;;
    esac
    alarm "TABLE $table WAS REMOVED: no rules of it were ever confirmed"
    printf 'table %s\ndelete table %s\n' "$table" "$table" | nft -f -
}

rollback() {
    id=$1
    valid_id "$id" || die "not a change id: $id"
    lock 5
    directory=$JOURNAL/rolled_back/$id
    due=
    if [ -d "$JOURNAL/pending/$id" ]; then
        if mv -T "$JOURNAL/pending/$id" "$directory"; then
            due=1
        elif [ -d "$JOURNAL/pending/$id" ]; then
            # A disk that can't even rename: the rules matter more than the books, and nobody can confirm the change
            # either.
            restore "$JOURNAL/pending/$id" &&
                die "the journal can't be written; the rules from before change $id are in force nevertheless"
            die "the journal can't be written, and change $id could not be undone"
        fi
    fi
    if [ ! -d "$directory" ]; then
        [ -d "$JOURNAL/confirmed/$id" ] || die "no change $id"
        say "change $id was confirmed; nothing to undo"
        return 0
    fi
    if [ -n "$due" ] || [ -e "$directory/unrestored" ]; then
        restore "$directory" || die "change $id could not be undone"
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
    rm -f "$RUN/notice"
    failed=0
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
        if [ -n "$first" ]; then
            enforce_best "$table" || [ $? = 2 ] || failed=1
        # Somebody restarts the unit: a change may wait for its confirmation, and rules in force beat a fallback.
        elif ! waits "$table"; then
            enforce_confirmed "$table" || [ $? = 2 ] || { failed=1; in_force "$table" || enforce_best "$table"; }
        fi
    done
    recall
    [ -z "$first" ] || close_books
    if [ "$failed" = 0 ] && [ -n "$first" ]; then rm -f "$JOURNAL"/rolled_back/*/unrestored; fi
    [ -z "$undone" ] || settle
    : >>"$RUN/booted"
    return "$failed"
}

# When the host stops: keep the memory of undeclared connections, which may be weeks old. Openings end with the host.
remember() {
    lock 30
    { holds inet pacs undeclared4; holds inet pacs undeclared6; } >"$RUN/memory.nft" || return 0
    if [ -s "$RUN/memory.nft" ] && [ -d "$JOURNAL" ]; then
        echo "# sha256 $(sha256sum <"$RUN/memory.nft" | cut -d ' ' -f 1)" >>"$RUN/memory.nft"
        cp "$RUN/memory.nft" "$JOURNAL/memory.new" && sync "$JOURNAL/memory.new" &&
            mv "$JOURNAL/memory.new" "$JOURNAL/memory.nft"
    fi
}

# When it starts: give it back, once. The rules are in force already, and nothing that is wrong here can touch them.
recall() {
    if [ -n "$first" ] && whole "$JOURNAL/memory.nft"; then
        nft -f "$JOURNAL/memory.nft" || say "what was remembered before the restart is lost"
    fi
    rm -f "$JOURNAL/memory.nft" "$JOURNAL/memory.new" 2>/dev/null || :
}

waits() {
    for id in $(ids pending); do
        if [ "$(table_of "$JOURNAL/pending/$id")" = "$1" ]; then return 0; fi
    done
    return 1
}
"""
