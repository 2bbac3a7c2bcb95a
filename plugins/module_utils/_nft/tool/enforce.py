# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: put rules in force, the best that load. Private, pure data."""

from __future__ import annotations

ENFORCE = r"""
# What a live set holds, as a statement that adds it: elements keep the time that they have left. Nothing if it's empty.
# holds FAMILY TABLE NAME [TYPE]: a set of another type doesn't count.
holds() {
    nft -n list set "$1" "$2" "$3" >"$RUN/set" 2>/dev/null || return 0
    [ -z "${4:-}" ] || grep -Fqx "$TAB$TAB$4" "$RUN/set" || return 0
    sed -n "/^$TAB${TAB}elements = {/,/^$TAB}\$/p" "$RUN/set" |
        sed "1s|^$TAB${TAB}elements = {|add element $1 $2 $3 {|; \$d"
}

# Put a script of the journal in force, in one transaction, and with it what the kernel remembers in the sets that stand
# in the file beside it (a name and a type each line). At boot there is nothing to remember.
enforce() {
    whole "$1" || return 1
    sets=${1%.nft}.sets
    if [ -z "$first" ] && [ -s "$sets" ]; then
        read -r word family table <"$1"
        {
            cat "$1"
            while read -r name type; do holds "$family" "$table" "$name" "$type"; done <"$sets"
        } >"$RUN/enforce.nft" 2>/dev/null && nft -f "$RUN/enforce.nft" && return 0
        say "what the kernel remembers could not be carried over"
    fi
    nft -f "$1"
}

# The newest confirmed rules of a table that load, else older ones. Returns 2 if none were ever confirmed, 1 if none
# load.
enforce_confirmed() {
    tried=
    for older in $(newest_first confirmed); do
        candidate=$JOURNAL/confirmed/$older
        [ "$(table_of "$candidate")" = "$1" ] || continue
        if enforce "$candidate/candidate.nft"; then
            [ -z "$tried" ] ||
                alarm "LOADED OLDER RULES: change $older of table $1 is in force; later ones ($tried) are damaged, or" \
                    "do not load. Run Ansible again to put the newest in force"
            return 0
        fi
        tried="$older $tried"
    done
    [ -n "$tried" ] || return 2
    say "NO CONFIRMED RULES OF TABLE $1 LOAD ($tried)"
    return 1
}

# What was stored for the day on which no confirmed rules load: the newest that loads.
enforce_fallback() {
    for older in $(newest_first confirmed); do
        candidate=$JOURNAL/confirmed/$older
        if [ "$(table_of "$candidate")" = "$1" ] && enforce "$candidate/fallback.nft" 2>/dev/null; then
            alarm "FALLBACK RULES of table $1 are in force (stored with change $older): administration and the" \
                "declared flows between zones pass, nothing else. Run Ansible again to put the real rules in force"
            return 0
        fi
    done
    return 1
}

# Never an open forwarder, and in only what lets somebody come and mend it: answers, neighbours, ping, SSH. Where even
# connection tracking is missing, input stays open instead.
enforce_emergency() {
    ports=22
    # shellcheck disable=SC2013  # numbers hold no blanks
    for port in $(sed -n 's/^[[:space:]]*[Pp]ort[[:space:]=]\{1,\}\([0-9]\{1,5\}\)[[:space:]]*$/\1/p' \
        /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null); do
        [ "$port" -gt 65535 ] || ports="$ports, $port"
    done
    if nft -f - <<EMERGENCY; then
table $1
delete table $1
table $1 {
    comment "pacs.hardening emergency"
    chain forward {
        type filter hook forward priority filter; policy drop;
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname "lo" accept
        meta l4proto { 1, 58 } accept
        ip6 saddr fe80::/10 udp dport 546 accept
        tcp dport { $ports } accept
    }
}
EMERGENCY
        alarm "EMERGENCY RULES: nothing is forwarded any more, and only SSH (port $ports) gets in. Run Ansible again" \
            "to put the real rules in force"
        return 0
    fi
    printf '%s\n' "table $1 {" 'chain forward {' 'type filter hook forward priority filter; policy drop;' '}' '}' |
        nft -f - &&
        alarm "EMERGENCY RULES: nothing is forwarded any more; INPUT IS OPEN, because connections can't be tracked"
}

# The best rules of a table that load. Returns 2 if there was never anything to load, 1 if it isn't what was confirmed.
enforce_best() {
    enforce_confirmed "$1"
    case $? in
        0) return 0 ;;
        2) return 2 ;;
    esac
    enforce_fallback "$1" || [ "$1" != 'inet pacs' ] || in_force "$1" || enforce_emergency "$1"
    return 1
}

# shellcheck disable=SC2086  # family and name are two words
in_force() { nft -t list table $1 >/dev/null 2>&1; }
"""
