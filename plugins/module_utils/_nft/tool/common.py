# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the host tool that every other part uses, some of them other tools of ours as well. Private, pure data."""

from __future__ import annotations

COMMON = r"""#!/bin/sh
# pacs-firewall: written by the Ansible collection pacs.hardening. Changes here are overwritten.
#
# A change is a folder in one of JOURNAL/{staging,pending,confirmed,rolled_back}; one rename decides what becomes of it.
set -u
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C
JOURNAL=@JOURNAL@
RUN=@RUN@
TABLES='@TABLES@'
TAB=$(printf '\t')
NAME=pacs-firewall
# Not empty while the host starts.
first=
"""

SPEECH = r"""
say() { echo "$NAME: $*" >&2; }
die() { say "$*"; exit 1; }

need_root() {
    [ "$(id -u)" = 0 ] || die "only root can do this: try \`sudo $NAME $*\`"
    command -v nft >/dev/null || die "nft isn't installed, so no rules of ours are in force on this host"
}

# A length of time as people write it. It sets seconds, or says in problem what is wrong with it, and fails.
seconds_of() {
    number=${1%[smh]}
    case $number in
        '' | *[!0-9]* | ??????*) problem="'$1' is no length of time: say 90s, 30m or 2h"; return 1 ;;
        0*) problem="'$1' is no length of time: it begins with a zero"; return 1 ;;
    esac
    case $1 in
        *s) seconds=$number ;;
        *m) seconds=$((number * 60)) ;;
        *h) seconds=$((number * 3600)) ;;
        *) problem="'$1' of what? Say ${1}m or ${1}h"; return 1 ;;
    esac
}

# Seconds in words.
period() {
    if [ "$1" -ge 3600 ]; then echo "$(($1 / 3600)) h $(($1 % 3600 / 60)) min"
    elif [ "$1" -ge 60 ]; then echo "$(($1 / 60)) min $(($1 % 60)) s"
    else echo "$1 s"; fi
}

utc() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# Text from outside as one harmless line.
line() { printf '%s' "$*" | tr -d '\000-\037\177' | sed "s/\"/'/g; s|\\\\|/|g" | cut -c 1-300; }

who() {
    terminal=$(tty 2>/dev/null) || terminal='no terminal'
    line "${SUDO_USER:-$(logname 2>/dev/null || id -un)} on ${terminal#/dev/}"
}

# To everybody who should know: the log that security people read, and whoever is logged in.
announce() {
    logger -t "$NAME" -p authpriv.alert -- "$*" 2>/dev/null || :
    wall "$NAME: $*" 2>/dev/null || :
}
"""

LOCK = r"""
# A stuck process must not keep the old rules from coming back: after some seconds go on without the lock. The rename
# still decides.
lock() {
    mkdir -p "$RUN" || die "can't create $RUN"
    exec 9>>"$RUN/lock" || die "can't open $RUN/lock"
    flock -w "$1" 9 || say "went on without the lock"
}
"""

ALARM = r"""
# Loud, and kept until rules are confirmed again: what is in force isn't what was confirmed last.
alarm() {
    say "$*"
    echo "$*" >>"$RUN/notice" 2>/dev/null || :
}
"""
