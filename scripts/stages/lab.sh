#!/usr/bin/env bash
# The lab that all scenarios share; quick where it is up already.
set -euo pipefail
: "${PACS_ROOT:?run this through scripts/test}"
cd "$PACS_ROOT"
PYTHONPATH=tests exec python -m lab up
