# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of the host tool: read the journal of changes. Private, pure data."""

from __future__ import annotations

JOURNAL = r"""
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

# Whether a script is as it was written: its last line is the digest of all above it. One that was cut short can be good
# nft: an empty one does nothing, and the first two lines alone remove the table.
whole() {
    seal=$(tail -n 1 "$1" 2>/dev/null) || return 1
    [ "$seal" = "# sha256 $(sed '$d' "$1" | sha256sum | cut -d ' ' -f 1)" ]
}

# The table of a change, from the first line of its scripts; nothing if neither tells.
table_of() {
    for script in "$1/candidate.nft" "$1/previous.nft"; do
        if read -r word table 2>/dev/null <"$script" && [ "$word" = table ]; then
            case " $TABLES " in *" ${table%% *}:${table##* } "*) echo "$table"; return ;; esac
        fi
    done
}

settle() { sync "$JOURNAL/pending" "$JOURNAL/confirmed" "$JOURNAL/rolled_back" 2>/dev/null || :; }
"""
