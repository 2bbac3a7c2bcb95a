# shellcheck shell=bash
# What the scripts tell the person in front of them. Sourced; no side effects.

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    _pacs_bold=$'\e[1m' _pacs_red=$'\e[31m' _pacs_yellow=$'\e[33m' _pacs_plain=$'\e[0m'
else
    _pacs_bold='' _pacs_red='' _pacs_yellow='' _pacs_plain=''
fi

# pacs_say TEXT...: one line of progress.
pacs_say() {
    printf '%s==>%s %s\n' "$_pacs_bold" "$_pacs_plain" "$*"
}

# pacs_warn TEXT...: something to know; the script goes on.
pacs_warn() {
    printf '%s==> warning:%s %s\n' "$_pacs_yellow" "$_pacs_plain" "$*" >&2
}

# pacs_die PROBLEM [WHAT TO DO]...: end with status 1; the first argument says what is wrong, each further one is a
# line of what to do about it.
pacs_die() {
    printf '%s==> cannot go on:%s %s\n' "$_pacs_red" "$_pacs_plain" "$1" >&2
    shift
    local line
    for line in "$@"; do
        printf '    %s\n' "$line" >&2
    done
    exit 1
}
