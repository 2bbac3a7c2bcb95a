# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of C(pacs-access): what a window is, on disk and in the kernel. Private, pure data."""

from __future__ import annotations

WINDOWS = r"""
# The value of a word in a file, and all lines of one that stands more than once.
value() { sed -n "s/^$2 //p" "$1" 2>/dev/null | head -n 1; }
elements() { sed -n 's/^element //p' "$1" 2>/dev/null; }

valid_name() { case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) return 1 ;; esac }

ids() {
    for file in "$STATE/open"/*; do
        if [ -f "$file" ] && valid_name "${file##*/}"; then echo "${file##*/}"; fi
    done
}

# Seconds that the kernel still gives a window: those of its longest element. 0 where it ended.
left() {
    longest=0
    for set in $(elements "$STATE/open/$1" | cut -d ' ' -f 1 | sort -u); do
        found=$(nft -n list set inet pacs "$set" 2>/dev/null | tr ',' '\n' |
            sed -n "s/.* expires \([0-9]*\)s.* comment \"$1\".*/\1/p" | sort -n | tail -n 1)
        if [ "${found:-0}" -gt "$longest" ]; then longest=$found; fi
    done
    echo "$longest"
}

# Statements that open a window for so many seconds, or 0 to close it: add, delete, add, for an element that is there
# already keeps its time otherwise.
statements() {
    elements "$1" | while read -r set key; do
        echo "add element inet pacs $set { $key timeout 1s }"
        echo "delete element inet pacs $set { $key }"
        if [ "$3" -gt 0 ]; then echo "add element inet pacs $set { $key timeout ${3}s comment \"$2\" }"; fi
    done
}

opens() { statements "$1" "$2" "$3" | nft -f -; }

# Whether the rules in force have all sets that an intervention needs.
known_to_rules() {
    for set in $(elements "$1" | cut -d ' ' -f 1 | sort -u); do
        nft -t list set inet pacs "$set" >/dev/null 2>&1 || return 1
    done
}

# One line of evidence: record WHAT FILE REASON.
record() {
    if ! {
        printf '{"at": "%s", "what": "%s", "id": "%s", "name": "%s", ' \
            "$(utc)" "$1" "$(value "$2" id)" "$(value "$2" name)"
        printf '"until": "%s", "by": "%s", "ticket": "%s", "reason": "%s"}\n' \
            "$(moment "$(value "$2" deadline)")" "$(who)" "$(value "$2" ticket)" "$(line "$3")"
    } 2>/dev/null >>"$STATE/history.log" || ! sync "$STATE/history.log"; then
        say "THE DISK CAN'T BE WRITTEN: what was done stands in the system's log only"
    fi
}

moment() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
clock() { date -d "@$1" '+%Y-%m-%d %H:%M:%S %Z'; }

# Write a window's file anew with other values: rewrite ID WORD VALUE [WORD VALUE].
rewrite() {
    file=$STATE/open/$1
    cp "$file" "$STATE/new" || return 1
    shift
    while [ $# -gt 1 ]; do
        sed "s/^$1 .*/$1 $2/" "$STATE/new" >"$STATE/newer" && mv "$STATE/newer" "$STATE/new" || return 1
        shift 2
    done
    sync "$STATE/new" && mv "$STATE/new" "$file" && sync "$STATE/open"
}

# The kernel lets nothing through any more, but remembers the connections for days, and with them who was in.
forget() {
    command -v conntrack >/dev/null || return 0
    elements "$1" | while read -r set source _ destination _ protocol _ port; do
        case $set in window6_*) family=ipv6 ;; *) family=ipv4 ;; esac
        conntrack -D -f "$family" -p "$protocol" -s "$source" -d "$destination" --dport "$port" >/dev/null 2>&1
    done || :
}

# A window is over: keep its file as evidence, the last two hundred of them.
put_away() {
    forget "$STATE/open/$1"
    mkdir -p "$STATE/closed"
    mv "$STATE/open/$1" "$STATE/closed/$1" && sync "$STATE/open"
    # shellcheck disable=SC2012  # ids hold no blanks
    ls -t "$STATE/closed" | tail -n +201 | while read -r old; do rm -f "$STATE/closed/$old"; done
}

timer() { if [ -d /run/systemd/system ]; then systemctl --no-block "$1" @TIMER@ 2>/dev/null || :; fi; }
"""
