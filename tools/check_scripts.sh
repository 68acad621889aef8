#!/usr/bin/env bash
# Types of the console's scripts, as JSDoc says them. Without Node there is nothing to check with,
# and the pages are not live either; that is said, and nothing is claimed.
set -euo pipefail
if [ ! -x node_modules/.bin/tsc ]; then
  echo "the scripts of the console are not checked: there is no node_modules/.bin/tsc (npm ci)" >&2
  exit 0
fi
node_modules/.bin/tsc --project tsconfig.json
