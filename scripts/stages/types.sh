#!/usr/bin/env bash
# mypy over the plugins, by the name under which they import each other, and over everything that tests them.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
cd "$PACS_ROOT"
collection=.cache/collections/ansible_collections/pacs/hardening
mypy "$collection/plugins" tests scripts/lib | sed "s|^$collection/||"
