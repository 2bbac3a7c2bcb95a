#!/usr/bin/env bash
# Unit tests and property tests: no network, no root, the same examples on every run. Arguments go to pytest.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
cd "$PACS_ROOT"
python scripts/lib/other_collections.py
directories=()
for directory in tests/unit tests/property; do
    if [[ -d $directory ]]; then directories+=("$directory"); fi
done
pytest --quiet -m 'not together' --numprocesses "$(nproc)" --dist worksteal --durations 5 "${directories[@]}" "$@"
pytest --quiet -m together "${directories[@]}" "$@"
