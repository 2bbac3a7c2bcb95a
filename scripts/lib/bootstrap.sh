# shellcheck shell=bash
# What scripts/demo and scripts/test share: from a fresh machine to a working tool chain. Source it, then call
#
#     pacs_bootstrap MODE "$@"
#
# with MODE demo (the lab: root), test (the lab and the test tools: root), tools (the test tools; root only where a
# system package is missing) or down (root, and nothing is installed: to remove things). "$@" are the script's own arguments: it is started again with them where root is needed.
# Afterwards the current directory is the checkout, .venv is on PATH, and set are: PACS_ROOT, PACS_VENV, PACS_STATE
# (.cache, in the checkout), PACS_LOGS, PACS_CACHE (outside it, what outlives a clone), PACS_COLLECTIONS,
# ANSIBLE_COLLECTIONS_PATH. Any problem ends the script with one message that says what to do. The EXIT trap is taken
# (pacs_at_exit); don't exec away from it.

set -euo pipefail

PACS_SCRIPT=$(realpath -- "$0")
PACS_ROOT=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
PACS_STATE=$PACS_ROOT/.cache
PACS_LOGS=$PACS_STATE/log
export PACS_ROOT PACS_STATE PACS_LOGS

# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
# shellcheck source=scripts/lib/system.sh
source "$PACS_ROOT/scripts/lib/system.sh"
# shellcheck source=scripts/lib/python.sh
source "$PACS_ROOT/scripts/lib/python.sh"
# shellcheck source=scripts/lib/collection.sh
source "$PACS_ROOT/scripts/lib/collection.sh"

# bash runs it once the command in the foreground has ended, whoever of the two got the Ctrl-C.
# pacs_on_interrupt TEXT...: what to say then.
pacs_on_interrupt() {
    _pacs_interrupted=$*
    trap 'trap - INT; echo; pacs_say "$_pacs_interrupted"; exit 130' INT
}

pacs_at_exit() {
    pacs_hush
    pacs_return_ownership
}

pacs_bootstrap() {
    local mode=$1
    shift
    PACS_ARGUMENTS=("$@")
    cd "$PACS_ROOT"
    pacs_require_linux
    local -a lists=("$PACS_ROOT/scripts/lib/system-packages.txt")
    case $mode in
        demo) lists+=("$PACS_ROOT/tests/lab/system-packages.txt") ;;
        test) lists+=("$PACS_ROOT/scripts/lib/test-packages.txt" "$PACS_ROOT/tests/lab/system-packages.txt") ;;
        tools) lists+=("$PACS_ROOT/scripts/lib/test-packages.txt") ;;
        down) ;;
        *) pacs_die "pacs_bootstrap: unknown mode $mode" ;;
    esac
    if [[ $mode != tools ]]; then
        pacs_require_root "the lab makes containers, networks and firewall rules of its own" "$@"
    fi
    trap pacs_at_exit EXIT
    PACS_CACHE=${PACS_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/pacs-hardening}
    export PACS_CACHE
    # The checkout may be another user's (a mounted clone, a CI workspace); git asks to be told that this is meant.
    local position=${GIT_CONFIG_COUNT:-0}
    export "GIT_CONFIG_KEY_$position=safe.directory" "GIT_CONFIG_VALUE_$position=$PACS_ROOT" GIT_CONFIG_COUNT=$((position + 1))
    # Python's and Ansible's output is UTF-8, whatever the machine's locale.
    export LC_ALL=${LC_ALL:-C.UTF-8} PYTHONUTF8=1
    [[ $mode != down ]] || return 0
    mkdir -p "$PACS_LOGS"
    pacs_plan_python "$PACS_STATE/python-packages.txt"
    pacs_require_packages "${lists[@]}" "$PACS_STATE/python-packages.txt"
    pacs_require_python
    pacs_link_collection
}
