# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of C(pacs-access): what people and the host ask for. Private, pure data."""

from __future__ import annotations

COMMANDS = r"""
begin() {
    need_root "$1"
    mkdir -p "$STATE/open" || die "can't create $STATE/open"
}

grantable() {
    for file in "$INTERVENTIONS"/*; do
        if [ -f "$file" ] && { [ -z "$on_call" ] || [ "$(value "$file" on_call)" = yes ]; }; then
            echo "${file##*/}"
        fi
    done
}

show_grantable() {
    names=$(grantable)
    if [ -z "$names" ]; then echo "Nothing can be granted here${on_call:+ by people on call}."; return; fi
    for name in $names; do
        file=$INTERVENTIONS/$name
        echo "$name"
        echo "    $(value "$file" from) -> $(value "$file" to), $(value "$file" what): $(value "$file" reason)"
        echo "    at most $(period $(($(value "$file" longest) * 60)));" \
            "$(value "$file" owner), $(value "$file" contract)"
    done
}

# The arguments after a name or an id.
options() {
    span=''
    ticket=''
    reason=''
    id=''
    by=''
    while [ $# -gt 0 ]; do
        case $1 in
            --for | --ticket | --reason | --id | --by) [ $# -ge 2 ] || die "something must follow $1" ;;
        esac
        case $1 in
            --for) span=$2 ;;
            --ticket) ticket=$(line "$2") ;;
            --reason) reason=$(line "$2") ;;
            --id) id=$2 ;;
            --by) by=$(line "$2") ;;
            *) die "'$1' isn't understood; see pacs-access help" ;;
        esac
        shift 2
    done
    [ -n "$span" ] || die "for how long? Say --for 30m. Nothing was changed"
    [ -n "$(printf '%s' "$ticket" | tr -d ' ')" ] || die "under which ticket? Say --ticket NUMBER. Nothing was changed"
    [ -n "$(printf '%s' "$reason" | tr -d ' ')" ] ||
        die "why? Whoever reads this tomorrow wants to know. Say --reason 'TEXT'. Nothing was changed"
    if [ -n "$on_call" ] && [ -n "$id$by" ]; then die "--id and --by are for Ansible"; fi
    seconds_of "$span" || die "$problem"
}

within() {
    longest=$(($(value "$1" longest) * 60))
    [ "$seconds" -le "$longest" ] || die "$span is too long: $(period "$longest") at most, as the site says." \
        "Nothing was changed"
}

unwritten() { die "the disk can't be written, so nobody could say tomorrow who was let in. Nothing was opened"; }

grant() {
    begin grant
    name=${1:-}
    [ $# -gt 0 ] || die "grant what? One of: $(grantable | tr '\n' ' ')"
    shift
    file=$INTERVENTIONS/$name
    if ! valid_name "$name" || ! [ -f "$file" ]; then
        die "the site declares no intervention '$(line "$name")'; it declares: $(grantable | tr '\n' ' ')"
    fi
    [ -z "$on_call" ] || [ "$(value "$file" on_call)" = yes ] ||
        die "'$name' isn't approved for people on call; they may grant: $(grantable | tr '\n' ' ')"
    options "$@"
    within "$file"
    lock 30
    known_to_rules "$file" || die "the rules in force know no such window; have Ansible put the site's rules in force" \
        "first (ansible-playbook pacs.hardening.site). Nothing was opened"
    for other in $(ids); do
        if [ "$(value "$STATE/open/$other" name)" = "$name" ] && [ "$(left "$other")" -gt 0 ]; then
            [ "$other" != "$id" ] || { say "it is open already"; return 0; }
            die "it is open already, until $(clock "$(value "$STATE/open/$other" deadline)"). To make that later:" \
                "pacs-access extend $other --for $span ..."
        fi
    done
    [ -n "$id" ] || id=$(date -u +%Y%m%d-%H%M%S)-$(od -A n -N 2 -t x1 /dev/urandom | tr -d ' \n')
    valid_name "$id" || die "not an id: $(line "$id")"
    if [ -e "$STATE/open/$id" ] || [ -e "$STATE/closed/$id" ]; then die "a window $id was granted before"; fi
    now=$(date +%s)
    {
        echo "id $id"
        echo "ticket $ticket"
        echo "for $reason"
        echo "by ${by:-$(who)}"
        echo "granted $now"
        echo "deadline $((now + seconds))"
        echo "left $seconds"
        cat "$file"
    } >"$STATE/new" || unwritten
    { sync "$STATE/new" && mv "$STATE/new" "$STATE/open/$id" && sync "$STATE/open"; } || unwritten
    opens "$STATE/open/$id" "$id" "$seconds" || {
        record failed "$STATE/open/$id" "nft refused"
        rm -f "$STATE/open/$id"
        die "nft refused; nothing was opened"
    }
    record granted "$STATE/open/$id" "$reason"
    # From here on only a restart of the host gives anything back.
    : >>"$RUN/access-booted"
    timer start
    announce "WINDOW $id OPEN for $(period "$seconds"): $name, ticket $ticket, by ${by:-$(who)}: $reason"
    echo "Open until $(clock $((now + seconds))): $(value "$file" from) -> $(value "$file" to), $(value "$file" what)."
    echo "It ends by itself, open sessions too. To end it earlier: pacs-access revoke $id"
    also=$(value "$file" also)
    [ -z "$also" ] || [ -n "$by" ] || echo "It must be granted on these firewalls as well: $also"
}

named() {
    valid_name "${1:-}" && [ -f "$STATE/open/$1" ] && return 0
    die "no window is open with the id '$(line "${1:-}")'; open are: $(ids | tr '\n' ' ')"
}

extend() {
    begin extend
    named "${1:-}"
    window=$1 file=$STATE/open/$1
    shift
    [ -z "$on_call" ] || [ "$(value "$file" on_call)" = yes ] ||
        die "people on call didn't grant it, and can't extend it"
    options "$@"
    within "$file"
    lock 30
    rest=$(left "$window")
    [ "$rest" -gt 0 ] || die "it has ended; grant it again. Nothing was changed"
    [ "$seconds" -gt "$rest" ] || die "it is open for another $(period "$rest"), which is longer. To end it earlier:" \
        "pacs-access revoke $window"
    rewrite "$window" deadline $(($(date +%s) + seconds)) left "$seconds" ||
        die "the disk can't be written. Nothing was changed"
    opens "$file" "$window" "$seconds" || die "nft refused; it still ends in $(period "$rest")"
    record extended "$file" "$reason"
    announce "WINDOW $window EXTENDED to $(period "$seconds") from now, ticket $ticket, by ${by:-$(who)}: $reason"
    echo "Open until $(clock "$(value "$file" deadline)")."
}

revoke() {
    begin revoke
    [ $# = 1 ] || die "use it like this: pacs-access revoke ID, or revoke all"
    lock 30
    if [ "$1" = all ]; then which=$(ids); else named "$1"; which=$1; fi
    [ -n "$which" ] || { echo "Nothing is open."; return 0; }
    for one in $which; do
        file=$STATE/open/$one
        # Where the rules have lost its sets nothing of it is open.
        if known_to_rules "$file"; then opens "$file" "$one" 0 || die "nft refused; window $one is still open"; fi
        record revoked "$file" ''
        put_away "$one"
        announce "WINDOW $one CLOSED by $(who)"
        echo "Closed: $(value "$STATE/closed/$one" name). Its sessions pass no packet any more."
    done
}

list() {
    begin list
    if [ "${1:-}" = --json ]; then list_json; return; fi
    none=1
    for one in $(ids); do
        rest=$(left "$one")
        [ "$rest" -gt 0 ] || continue
        none=''
        file=$STATE/open/$one
        echo "$one  $(value "$file" name), for another $(period "$rest")"
        echo "    ticket $(value "$file" ticket), by $(value "$file" by): $(value "$file" for)"
    done
    if [ -n "$none" ]; then echo "No window is open."; fi
}

# One JSON object a line; values hold no quotes and no backslashes.
list_json() {
    for one in $(ids); do
        file=$STATE/open/$one
        printf '{"id": "%s", "name": "%s", "ticket": "%s", "reason": "%s", "by": "%s", ' \
            "$one" "$(value "$file" name)" "$(value "$file" ticket)" "$(value "$file" for)" "$(value "$file" by)"
        printf '"granted": %s, "deadline": %s, "left": %s}\n' \
            "$(value "$file" granted)" "$(value "$file" deadline)" "$(left "$one")"
    done
}

# Every minute, and before the host stops: what is written down only ever gets less.
keep() {
    begin keep
    lock 30
    for one in $(ids); do
        file=$STATE/open/$one
        rest=$(left "$one")
        if [ "$rest" = 0 ]; then
            record ended "$file" ''
            put_away "$one"
        elif [ "$rest" -lt "$(value "$file" left)" ]; then
            rewrite "$one" left "$rest" || say "the disk can't be written"
        fi
    done
    if [ -z "$(ids)" ]; then timer stop; fi
}

# Once after the host has started: what the clock and what was written down both still allow.
boot() {
    begin boot
    [ ! -e "$RUN/access-booted" ] || return 0
    lock 30
    failed=0
    for one in $(ids); do
        file=$STATE/open/$one
        rest=$(($(value "$file" deadline) - $(date +%s)))
        before=$(value "$file" left)
        if [ "${before:-0}" -lt "$rest" ]; then rest=$before; fi
        if [ "$rest" -le 0 ]; then
            record ended "$file" 'while the host was down'
            put_away "$one"
        # Written first: what is given back is never more than what is written down.
        elif rewrite "$one" left "$rest" && known_to_rules "$file" && opens "$file" "$one" "$rest"; then
            record restored "$file" 'the host was restarted'
            timer start
        else
            say "window $one stays closed: the rules in force don't know it, or the disk can't be written"
            record failed "$file" 'the host was restarted'
            put_away "$one"
            failed=1
        fi
    done
    : >>"$RUN/access-booted"
    return "$failed"
}
"""
