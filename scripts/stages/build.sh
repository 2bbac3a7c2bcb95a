#!/usr/bin/env bash
# The artefact as a user gets it: built here, looked through, installed from the file alone into an environment that
# holds only ansible-core and requirements.txt, with no registry to ask.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
cd "$PACS_ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pacs_say "Build"
ansible-galaxy collection build --output-path "$work" .
artefact=("$work"/pacs-hardening-*.tar.gz)
python scripts/lib/check_artefact.py "${artefact[0]}"

# Kept between runs; made again when what goes into it changes.
runtime=.cache/runtime-environment
key=$(cat .venv/pacs-key requirements.txt | sha256sum | cut -d' ' -f1)
if [[ ! -r $runtime/key || $(<"$runtime/key") != "$key" ]]; then
    pacs_say "Environment of a user: ansible-core and requirements.txt"
    rm -rf "$runtime"
    "$(python -c 'import sys; print(sys._base_executable)')" -m venv "$runtime"
    "$runtime/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt \
        ansible-core -r requirements.txt
    printf '%s\n' "$key" >"$runtime/key"
fi

pacs_say "Install and load"
# No server, no user's settings, no checkout in sight.
cd "$work"
mkdir home
# shellcheck disable=SC2016 # expanded by the inner shell
env -i PATH="$PACS_ROOT/$runtime/bin:/usr/bin:/bin" HOME="$work/home" LC_ALL=C.UTF-8 ANSIBLE_GALAXY_SERVER_LIST= \
    ANSIBLE_COLLECTIONS_PATH="$work/installed" bash -euo pipefail -c '
    ansible-galaxy collection install --offline --collections-path installed "$1"
    python "$2" --load installed
    for playbook in installed/ansible_collections/pacs/hardening/playbooks/*.yml; do
        ansible-playbook --syntax-check -i localhost, "pacs.hardening.$(basename "$playbook" .yml)"
    done
' bash "${artefact[0]}" "$PACS_ROOT/scripts/lib/check_artefact.py"
