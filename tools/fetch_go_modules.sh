#!/usr/bin/env bash
# Puts the Go modules that tests/interop_go needs into Go's own cache, from where its go.sum says.
# Needs Go; asks nobody when they are there already.
set -euo pipefail

cd "$(dirname "$0")/../tests/interop_go"
command -v go >/dev/null || { echo "go is missing; install Go to read the log with it" >&2; exit 1; }
GOTOOLCHAIN=local go mod download
