#!/usr/bin/env bash
# ansible-test sanity on a copy of the checkout: documentation, argument specs, imports and syntax on every Python that
# the targets may have. Environments that ansible-test makes are kept in PACS_CACHE, so only the first run is long.
# Further arguments go to ansible-test (sanity.sh --test validate-modules).
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
# shellcheck source=scripts/lib/collection.sh
source "$PACS_ROOT/scripts/lib/collection.sh"

# One copy a checkout, so that two checkouts don't disturb each other.
work=$PACS_CACHE/sanity/$(printf '%s' "$PACS_ROOT" | sha256sum | cut -c1-12)
mkdir -p "$work"
exec 9>"$work/lock"
flock 9
pacs_copy_collection "$work"

# A home of its own: ansible-test keeps environments and a pip bootstrap script below ~/.ansible/test, and forwards no
# pip settings from the environment.
home=$PACS_CACHE/ansible-test-home
path=$(python "$PACS_ROOT/scripts/lib/ansible_test_home.py" "$home")

cd "$work/ansible_collections/pacs/hardening"
if ! PATH=$path HOME=$home ansible-test sanity --color no "$@" 2>&1 | tee "$work/output"; then
    mapfile -t errors < <(grep '^ERROR: ' "$work/output")
    pacs_die "ansible-test sanity is not clean:" "${errors[@]}"
fi
