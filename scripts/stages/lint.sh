#!/usr/bin/env bash
# Every linter, each to its end, so that one run shows all there is to mend.
set -uo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
# shellcheck source=scripts/lib/messages.sh
source "$PACS_ROOT/scripts/lib/messages.sh"
cd "$PACS_ROOT" || exit

failed=()
check() {
    pacs_say "$*"
    "$@" || failed+=("$1 $2")
}

mapfile -t shell_scripts < <(git ls-files --cached --others --exclude-standard '*.sh' scripts/demo scripts/test .ci/run)

check ruff check --output-format concise --cache-dir .cache/ruff .
check ruff format --check --output-format concise --cache-dir .cache/ruff .
check shellcheck --external-sources "${shell_scripts[@]}"
check antsibull-changelog lint
check ansible-lint --offline --profile production --nocolor
((${#failed[@]} == 0)) || pacs_die "not clean:" "${failed[@]}"
