#!/usr/bin/env bash
# One Molecule scenario, in the lab that is up. molecule.sh NAME
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
cd "$PACS_ROOT"
scenario=$1
[[ -r molecule/$scenario/molecule.yml ]] || pacs_die "there is no scenario molecule/$scenario."
# Scenarios stay at the top level; naming the glob keeps molecule from advising another place.
export MOLECULE_GLOB='molecule/*/molecule.yml' PACS_LAB_KEEP=1 PYTHONPATH=$PACS_ROOT/tests
# Where the verifier leaves its results (.config/molecule/config.yml), for scripts/lib/fault_table.py.
export PACS_RESULTS=$PACS_STATE/results/$scenario.xml
python scripts/lib/other_collections.py
exec molecule test --scenario-name "$scenario"
