# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(pacs-access): grants, lists and ends windows on the firewall itself, without Ansible and without Python.

One script in POSIX shell. The kernel ends a window; the script only writes down what is open, so that a restart of the
host gives back what is left of it and never more. Private, pure data.
"""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import KEEP_TIMER, AccessLayout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.common import LOCK, SPEECH


def tool_text(layout: AccessLayout) -> str:
    """The whole script for this layout."""
    text = _HEAD + SPEECH + LOCK + _WINDOWS + _COMMANDS + _MAIN
    values = {
        "@INTERVENTIONS@": layout.interventions,
        "@STATE@": layout.state,
        "@RUN@": layout.run,
        "@TIMER@": KEEP_TIMER,
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text


_HEAD = r"""#!/bin/sh
# pacs-access: written by the Ansible collection pacs.hardening. Changes here are overwritten.
#
# A window is a file in STATE/open, and elements of sets of table inet pacs that carry its id as comment and end by
# their timeout. What is granted stands in files of INTERVENTIONS. Both have lines of a word and a value.
set -u
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C
INTERVENTIONS=@INTERVENTIONS@
STATE=@STATE@
RUN=@RUN@
NAME=pacs-access
on_call=
"""

_WINDOWS = r"""
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

seconds_of() {
    number=${1%[smh]}
    case $number in
        '' | *[!0-9]* | ??????* | 0*) die "'$1' is no length of time: say 90s, 30m or 2h" ;;
    esac
    case $1 in
        *s) seconds=$number ;;
        *m) seconds=$((number * 60)) ;;
        *h) seconds=$((number * 3600)) ;;
        *) die "'$1' of what? Say ${1}m or ${1}h" ;;
    esac
}
"""

_COMMANDS = r"""
need_root() {
    [ "$(id -u)" = 0 ] || die "only root can do this: try \`sudo pacs-access $*\`"
    command -v nft >/dev/null || die "nft isn't installed, so no rules of ours are in force on this host"
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
    seconds_of "$span"
}

within() {
    longest=$(($(value "$1" longest) * 60))
    [ "$seconds" -le "$longest" ] || die "$span is too long: $(period "$longest") at most, as the site says." \
        "Nothing was changed"
}

unwritten() { die "the disk can't be written, so nobody could say tomorrow who was let in. Nothing was opened"; }

grant() {
    need_root grant
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
    need_root extend
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
    need_root revoke
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
    need_root list
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
    need_root keep
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
    need_root boot
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

_MAIN = r"""
usage() {
    cat <<USAGE
usage: pacs-access list                  windows that are open
       pacs-access interventions         what can be granted
       pacs-access grant NAME --for 60m --ticket NUMBER --reason 'TEXT'
       pacs-access extend ID --for 60m --ticket NUMBER --reason 'TEXT'
       pacs-access revoke ID             end a window and its sessions now; all for every one

The host itself uses: boot, keep.
USAGE
}

if [ "${1:-}" = --on-call ]; then on_call=1; shift; fi
command=${1:-}
[ $# = 0 ] || shift
case $command in
    list) list "$@" ;;
    interventions) need_root interventions; show_grantable ;;
    grant) grant "$@" ;;
    extend) extend "$@" ;;
    revoke) revoke "$@" ;;
    boot | keep) if [ -n "$on_call" ]; then die "'$command' is for the host itself"; fi; "$command" ;;
    help | -h | --help) usage ;;
    '') usage >&2; exit 1 ;;
    *) say "'$(line "$command")' is no command of this tool"; usage >&2; exit 1 ;;
esac
"""
