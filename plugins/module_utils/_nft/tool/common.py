# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: what every part uses. Private, pure data."""

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
# Not empty while the host starts.
first=

say() { echo "pacs-firewall: $*" >&2; }
die() { say "$*"; exit 1; }

# Loud, and kept until rules are confirmed again: what is in force isn't what was confirmed last.
alarm() {
    say "$*"
    echo "$*" >>"$RUN/notice" 2>/dev/null || :
}

# A stuck process must not keep the old rules from coming back: after some seconds go on without the lock. The rename
# still decides.
lock() {
    mkdir -p "$RUN" || die "can't create $RUN"
    exec 9>>"$RUN/lock" || die "can't open $RUN/lock"
    flock -w "$1" 9 || say "went on without the lock"
}
"""
