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

# pacs_patiently WHAT LOG COMMAND...: run it with its output added to LOG, and say each minute that it is still running.
# The caller's EXIT trap calls pacs_hush, so that nothing is said after the end.
pacs_patiently() {
    local what=$1 log=$2 status=0
    shift 2
    _pacs_each_minute "$what" &
    _pacs_ticker=$!
    "$@" >>"$log" 2>&1 </dev/null || status=$?
    pacs_hush
    return "$status"
}

pacs_hush() {
    [[ -n ${_pacs_ticker:-} ]] || return 0
    kill "$_pacs_ticker" 2>/dev/null || true
    wait "$_pacs_ticker" 2>/dev/null || true
    _pacs_ticker=
}

_pacs_each_minute() {
    local began=$SECONDS never
    trap - EXIT
    # A pipe that nobody writes to; sleep would be a process that outlives its parent.
    exec {never}<> <(:)
    while ! read -r -t 60 -u "$never" && kill -0 $$ 2>/dev/null; do
        pacs_say "$1: still at it after $((SECONDS - began)) s"
    done
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
