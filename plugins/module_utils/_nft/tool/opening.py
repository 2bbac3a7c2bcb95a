# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: let everything pass for a while. Private, pure data."""

from __future__ import annotations

OPENING = r"""
OPENINGS=$JOURNAL/openings.log
# As numbers: a host without /etc/protocols knows no names. ICMP, TCP, UDP, GRE, ESP, AH, ICMPv6, SCTP.
PROTOCOLS='1 6 17 47 50 51 58 132'

how_to_open() {
    say "$*"
    die "use it like this: pacs-firewall open --for 30m --reason 'CT 2 sends no images, case 4711'" \
        "(at most 4h; give the reason in quotes)"
}

# Text after a name in a line of OPENINGS.
field() { printf '%s\n' "$2" | sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p"; }

# Seconds until the last element of the opening ends, 0 if nothing is open.
open_for() {
    left=$(nft -n list set inet pacs opened 2>/dev/null | tr ',' '\n' | sed -n 's/.*expires \([0-9]*\)s.*/\1/p' |
        sort -n | tail -n 1)
    echo "${left:-0}"
}

# One line of evidence: record WHAT SECONDS REASON.
record() {
    now=$(date +%s)
    printf '{"at": "%s", "what": "%s", "until": "%s", "by": "%s", "reason": "%s"}\n' "$(utc)" "$1" \
        "$(date -u -d "@$((now + $2))" +%Y-%m-%dT%H:%M:%SZ)" "$(who)" "$(line "$3")" 2>/dev/null >>"$OPENINGS" &&
        sync "$OPENINGS"
}

open_up() {
    span=
    reason=
    while [ $# -gt 0 ]; do
        case $1 in
            --for | --reason) [ $# -ge 2 ] || how_to_open "something must follow $1" ;;
        esac
        case $1 in
            --for) span=$2; shift ;;
            --for=*) span=${1#*=} ;;
            --reason) reason=$2; shift ;;
            --reason=*) reason=${1#*=} ;;
            *) how_to_open "'$1' isn't understood" ;;
        esac
        shift
    done
    [ -n "$span" ] || how_to_open "for how long? Nothing was opened"
    reason=$(line "$reason")
    [ -n "$(printf '%s' "$reason" | tr -d ' ')" ] ||
        how_to_open "why? Whoever reads this tomorrow wants to know. Nothing was opened"
    seconds_of "$span" || how_to_open "$problem"
    [ "$seconds" -le 14400 ] || how_to_open "$span is too long: 4h at most. It can be opened again"

    need_root open
    in_force 'inet pacs' ||
        die "there is no table inet pacs on this host: we cut nothing, so there is nothing to open"
    [ "$(undeclared)" != pass ] ||
        die "the rules only watch: nothing is cut, so there is nothing to open. Look elsewhere"
    nft -t list set inet pacs opened >/dev/null 2>&1 ||
        die "the rules in force can't be opened: they have no set \`opened\`. Look at \`pacs-firewall status\`; go" \
            "back to earlier rules with \`pacs-firewall undo\`, or have Ansible put the real ones in force" \
            "(ansible-playbook pacs.hardening.site)"
    # Whoever replaces the table holds the lock; an opening in between would be lost.
    lock 30
    record opened "$seconds" "$reason" || say "THE DISK CAN'T BE WRITTEN: this opening stands in the system's log only"
    # Add, delete, add: so a running opening gets the new end, on every kernel.
    for number in $PROTOCOLS; do
        echo "add element inet pacs opened { $number timeout ${seconds}s }"
        echo "delete element inet pacs opened { $number }"
        echo "add element inet pacs opened { $number timeout ${seconds}s }"
    done | nft -f - || {
        record failed 0 "nft refused"
        die "nft refused; nothing was opened"
    }
    announce "OPENED for $(period "$seconds") by $(who): $reason"
    echo "Everything that the firewall forwards passes now, for $(period "$seconds"). It ends by itself."
    echo "To end it earlier: pacs-firewall close"
}

close_down() {
    [ $# = 0 ] || die "use it like this: pacs-firewall close"
    need_root close
    lock 30
    if [ "$(open_for)" = 0 ]; then
        echo "Nothing is open."
        return 0
    fi
    nft flush set inet pacs opened || die "nft refused; the opening ends by itself in $(period "$(open_for)")"
    record closed 0 '' || say "the disk can't be written: that it was closed stands in the system's log only"
    announce "CLOSED by $(who)"
    echo "Closed: what isn't declared is cut again. Connections that were made meanwhile live on until they end."
}

# At boot nothing is open any more; the books say so.
close_books() {
    last=$(tail -n 1 "$OPENINGS" 2>/dev/null) || return 0
    case $last in *'"what": "opened"'*) ;; *) return 0 ;; esac
    first_of_both=$(printf '%s\n%s\n' "$(utc)" "$(field until "$last")" | sort | head -n 1)
    [ "$first_of_both" = "$(field until "$last")" ] || record closed 0 'the host was restarted' || :
}
"""
