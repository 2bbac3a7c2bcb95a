# shellcheck shell=bash
# Where Ansible finds this checkout as pacs.hardening, and whose the files in it are. Sourced by bootstrap.sh.

# A link serves ansible-playbook, ansible-lint, molecule, mypy and pytest: edits are seen at once.
pacs_link_collection() {
    PACS_COLLECTIONS=$PACS_STATE/collections
    export PACS_COLLECTIONS
    local parent=$PACS_COLLECTIONS/ansible_collections/pacs
    if [[ ! $parent/hardening -ef $PACS_ROOT ]]; then
        mkdir -p "$parent"
        ln -sfnT ../../../.. "$parent/hardening"
    fi
    export ANSIBLE_COLLECTIONS_PATH=$PACS_COLLECTIONS
    # Facts are read from ansible_facts only, in every run that we start.
    export ANSIBLE_INJECT_FACT_VARS=false
}

# pacs_copy_collection DIRECTORY: a copy of the checkout's files (edits and new files included, ignored ones not) in
# DIRECTORY/ansible_collections/pacs/hardening. ansible-test accepts no link.
pacs_copy_collection() {
    local copy=$1/ansible_collections/pacs/hardening
    rm -rf "$copy"
    mkdir -p "$copy"
    (
        cd "$PACS_ROOT" || exit
        git ls-files -z --cached --others --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
            # deleted in the work tree, not yet in the index
            if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi
        done | tar --null --no-recursion -T - -cf -
    ) | tar -xf - -C "$copy" --no-same-owner
}

# Root through sudo made files in a user's checkout: give them back. Runs when the script ends.
pacs_return_ownership() {
    [[ $EUID -eq 0 && ${SUDO_UID:-0} != 0 && $(stat -c %u "$PACS_ROOT") == "$SUDO_UID" ]] || return 0
    find "$PACS_ROOT" -xdev -path "$PACS_ROOT/.git" -prune -o -user 0 \
        -exec chown --no-dereference "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} + || true
}
