#!/usr/bin/env bash
# What only a kernel can answer: rulesets loaded with the real nft, in network namespaces of their own. Needs root.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
cd "$PACS_ROOT"
directories=()
for directory in tests/kernel tests/mutation tests/integration; do
    if [[ -d $directory ]]; then directories+=("$directory"); fi
done
((${#directories[@]})) || pacs_die "there are no kernel tests: tests/kernel and tests/integration are missing."
unshare --net true || pacs_die "network namespaces can't be made here." "Run as root, outside a container that forbids them."
# Every test has namespaces of its own. worksteal: files that take long are shared out, too.
pytest --quiet -m 'not together' --numprocesses "$(nproc)" --dist worksteal --durations 5 \
    --junitxml "$PACS_STATE/results/kernel.xml" "${directories[@]}" "$@"
pytest --quiet -m together --junitxml "$PACS_STATE/results/kernel_together.xml" "${directories[@]}" "$@"
