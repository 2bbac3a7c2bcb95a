# shellcheck shell=bash
# scripts/demo --down: remove what scripts/demo made, as far as it came. Sourced after bootstrap.sh.

pacs_down() {
    local venv=$PACS_ROOT/.venv removed='' other
    if [[ ! -e $venv && ! -e $PACS_ROOT/.lab ]] && ! command -v podman >/dev/null; then
        _pacs_nothing_to_remove
        return
    fi
    pacs_bootstrap down --down
    if other=$(_pacs_other_checkout); then
        pacs_say "The lab on this machine is of another working copy and stays. To remove it:"
        echo "      '$other/scripts/demo' --down"
        rm -rf -- "$PACS_ROOT/.lab"
    elif _pacs_lab_is_there; then
        # The lab's own program removes it. What git pull brought may ask for another environment; this one will do.
        if ! PYTHONPATH=$PACS_ROOT/tests "$venv/bin/python" -c 'import lab.cli' 2>/dev/null; then
            pacs_say "The lab is there, its Python environment isn't: making it, to remove the lab."
            pacs_bootstrap demo --down
        fi
        PYTHONPATH=$PACS_ROOT/tests "$venv/bin/python" -m lab down --images --cache || exit
        removed='the containers, networks and images, the keys, the cache'
    else
        rm -rf -- "$PACS_ROOT/.lab" "$PACS_CACHE"/lab/*.tar
        rmdir -- "$PACS_CACHE/lab" "$PACS_CACHE" 2>/dev/null || true
    fi
    if [[ -e $venv ]]; then
        removed+="${removed:+ and }the Python environment"
    fi
    rm -rf -- "$venv" "$PACS_ROOT/demo-report" "$PACS_STATE/collections" "$PACS_STATE"/{python-packages.txt,venv.lock} "$PACS_LOGS"/{apt,pip}.log
    find "$PACS_ROOT"/{plugins,scripts,tests} -name __pycache__ -prune -exec rm -rf {} +
    rmdir -- "$PACS_LOGS" "$PACS_STATE" 2>/dev/null || true
    if [[ -n $removed ]]; then
        pacs_say "Removed: $removed."
    else
        _pacs_nothing_to_remove
    fi
    _pacs_packages_that_stay
}

_pacs_packages_that_stay() {
    local noted
    [[ -s $PACS_STATE/installed-packages ]] || return 0
    noted=$(sort -u "$PACS_STATE/installed-packages")
    noted=$(comm -23 <(echo "$noted") <(_pacs_missing "$noted"))
    [[ -n $noted ]] || return 0
    pacs_say "These system packages were installed and stay:"
    fold -s -w 70 <<<"${noted//$'\n'/ }" | sed 's/^/      /'
}

_pacs_nothing_to_remove() {
    pacs_say "There is nothing of the demo to remove."
}

# Prints the working copy whose lab is there, if it is another one and still exists (lab.lifecycle.another_checkout).
_pacs_other_checkout() {
    local owner
    command -v podman >/dev/null || return
    while read -r owner; do
        if [[ -n $owner && $owner != "$PACS_ROOT" && -d $owner/tests/lab ]]; then
            printf '%s\n' "$owner"
            return
        fi
    done < <(podman ps --all --filter 'name=^pacs-lab-' --format '{{index .Labels "pacs.lab.checkout"}}' 2>/dev/null)
    return 1
}

# Containers, networks or images, this working copy's or another's, or a note of how the machine was before.
_pacs_lab_is_there() {
    [[ -e /run/pacs-lab/host.json ]] && return
    command -v podman >/dev/null || return
    local found
    found=$({
        podman ps --all --filter 'name=^pacs-lab-' --format '{{.Names}}' &&
            podman network ls --format '{{.Name}}' | { grep '^pacs-lab-' || true; } &&
            podman image ls --format '{{.Repository}}' | { grep '^localhost/pacs-lab/' || true; }
    } 2>/dev/null) || return 0
    [[ -n $found ]]
}
