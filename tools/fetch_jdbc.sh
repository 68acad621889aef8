#!/usr/bin/env bash
# Puts PostgreSQL's JDBC driver into build/jdbc, where tests/clients/test_jdbc.py looks for it.
# Needs Maven; does nothing when the driver is there already.
set -euo pipefail

version=42.7.8
folder=$(cd "$(dirname "$0")/.." && pwd)/build/jdbc
jar=$folder/postgresql-$version.jar

if [[ ! -f $jar ]]; then
  command -v mvn >/dev/null || { echo "mvn is missing; install Maven to test JDBC" >&2; exit 1; }
  mkdir -p "$folder"
  mvn -q -B dependency:copy -Dartifact=org.postgresql:postgresql:$version \
    -DoutputDirectory="$folder" -Dmdep.useBaseVersion=true
fi
