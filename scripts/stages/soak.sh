#!/usr/bin/env bash
# Property tests with many more examples, fresh ones each time. Bounded by the stage's limit.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
cd "$PACS_ROOT"
directories=()
for directory in tests/property tests/soak; do
    if [[ -d $directory ]]; then directories+=("$directory"); fi
done
PACS_HYPOTHESIS_PROFILE=deep pytest --quiet --durations 5 "${directories[@]}" "$@"
