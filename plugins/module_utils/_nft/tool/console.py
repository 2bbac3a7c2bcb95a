# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: what a person at the console asks for. Private, pure data."""

from __future__ import annotations

CONSOLE = r"""
# A value of a change's change.json (one a line, so that no JSON reader is needed).
value_of() { sed -n "s/^ \"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1/change.json" 2>/dev/null; }

# What the rules in force do with undeclared connections: cut, pass, or nothing if there are no rules of ours.
undeclared() {
    case $(nft -t list chain inet pacs forward 2>/dev/null) in
        *'policy drop;'*) echo cut ;;
        *'policy accept;'*) echo pass ;;
    esac
}

newest_of_ours() {
    for one in $(newest_first confirmed); do
        if [ "$(table_of "$JOURNAL/confirmed/$one")" = 'inet pacs' ]; then echo "$one"; return; fi
    done
}

status() {
    need_root status
    echo "PACS firewall on $(uname -n), $(date '+%Y-%m-%d %H:%M:%S %Z')"
    if [ -s "$RUN/notice" ]; then sed 's/^/ATTENTION  /' "$RUN/notice"; fi
    case $(undeclared) in
        cut) echo "Rules      ENFORCING: what isn't declared is cut" ;;
        pass) echo "Rules      WATCHING: nothing is cut; what isn't declared is remembered" ;;
        *)
            if in_force 'inet pacs'; then echo "Rules      UNKNOWN: table inet pacs isn't as this collection writes it"
            else echo "Rules      NONE: there is no table inet pacs. If something is cut, it isn't us"; fi
            ;;
    esac
    newest=$(newest_of_ours)
    if [ -n "$newest" ]; then
        when=$(value_of "$JOURNAL/confirmed/$newest" created_utc)
        echo "Confirmed  change $newest of $when: loaded at the next start"
    else
        echo "Confirmed  none: nothing is loaded at the next start"
    fi
    status_pending
    status_opening
    status_memory
}

status_pending() {
    for id in $(ids pending); do
        folder=$JOURNAL/pending/$id
        deadline=$(value_of "$folder" deadline)
        deadline=${deadline%%.*}
        read -r up rest </proc/uptime
        left=$((${deadline:-0} - ${up%%.*}))
        if [ "$left" -gt 0 ] && systemctl is-active --quiet "pacs-firewall-rollback-$id.timer" 2>/dev/null; then
            echo "Pending    change $id of table $(table_of "$folder") undoes itself in $(period "$left")" \
                "($(value_of "$folder" deadline_utc)), unless it is confirmed"
        else
            echo "Pending    change $id of table $(table_of "$folder") isn't confirmed, and NOTHING UNDOES IT by itself"
        fi
        echo "           To go back now: pacs-firewall undo"
    done
}

status_opening() {
    left=$(open_for)
    if [ "$left" = 0 ]; then echo "Opening    none"; return; fi
    echo "Opening    EVERYTHING PASSES for another $(period "$left")"
    last=$(tail -n 1 "$OPENINGS" 2>/dev/null)
    case $last in
        *'"what": "opened"'*)
            echo "           by $(field by "$last"), since $(field at "$last"), because: $(field reason "$last")" ;;
    esac
    echo "           To end it now: pacs-firewall close"
}

status_memory() {
    nft -t list set inet pacs undeclared4 >/dev/null 2>&1 || return 0
    remembered=0
    for name in undeclared4 undeclared6; do
        remembered=$((remembered + $(holds inet pacs "$name" | tr ',' '\n' | grep -c ' expires ')))
    done
    echo "Memory     $remembered undeclared connections seen"
    missed=$(nft list counter inet pacs not_remembered 2>/dev/null | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
    if [ "${missed:-0}" -gt 0 ]; then echo "           It is FULL: $missed more attempts found no place in it"; fi
}

undo() {
    need_root undo
    waiting=$(ids pending)
    if [ -n "$waiting" ]; then
        for id in $waiting; do (rollback "$id") || exit 1; done
        announce "change $waiting was undone by $(who)"
        return 0
    fi
    lock 30
    newest=$(newest_of_ours)
    [ -n "$newest" ] || die "nothing was ever confirmed on this host, so there is nothing to go back to"
    target=$(before "$newest")
    [ -n "$target" ] || die "there is nothing to go back to: change $newest is the only ruleset that was ever" \
        "confirmed. To let everything pass for a while: pacs-firewall open --for 30m --reason '...'"
    enforce "$JOURNAL/confirmed/$target/candidate.nft" ||
        die "the rules of change $target do not load; nothing was changed"
    again "$target" || die "the rules of change $target are in force, but the journal can't be written: after a" \
        "restart those of change $newest are in force again. Free some space and run \`pacs-firewall undo\` once more"
    rm -f "$RUN/notice"
    announce "the rules of change $target are in force again, by $(who)"
    echo "The rules of change $target ($(value_of "$JOURNAL/confirmed/$target" created_utc)) are in force again, as" \
        "change $new, instead of those of change $newest."
    echo "The next run of Ansible brings its own rules back: correct the site before that."
}

# The newest confirmed change of our table with other rules than change $1: the same rules again are no way back.
before() {
    for older in $(newest_first confirmed); do
        folder=$JOURNAL/confirmed/$older
        if [ "$(table_of "$folder")" = 'inet pacs' ] && whole "$folder/candidate.nft" &&
            ! cmp -s "$folder/candidate.nft" "$JOURNAL/confirmed/$1/candidate.nft"; then
            echo "$older"
            return
        fi
    done
}

# The rules of a confirmed change once more, as a new confirmed change.
again() {
    highest=$(for state in staging pending confirmed rolled_back; do ids "$state"; done | sort | tail -n 1)
    # The 1 in front keeps zeros from meaning octal.
    new=$((1${highest%-*} + 1))
    new=${new#1}-$(od -A n -N 4 -t x1 /dev/urandom | tr -d ' \n')
    folder=$JOURNAL/staging/$new
    mkdir -p "$folder" || return 1
    for name in candidate.nft candidate.sets fallback.nft; do
        if [ -e "$JOURNAL/confirmed/$1/$name" ]; then cp "$JOURNAL/confirmed/$1/$name" "$folder/$name" || return 1; fi
    done
    sed -e "s/^ \"id\": .*/ \"id\": \"$new\",/" -e "s/^ \"created_utc\": .*/ \"created_utc\": \"$(utc)\",/" \
        -e 's/^ "deadline": .*/ "deadline": null,/' -e 's/^ "deadline_utc": .*/ "deadline_utc": null,/' \
        "$JOURNAL/confirmed/$1/change.json" >"$folder/change.json" || return 1
    sync "$folder"/* "$folder" 2>/dev/null || :
    mv -T "$folder" "$JOURNAL/confirmed/$new" || return 1
    settle
}
"""
