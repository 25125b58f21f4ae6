#!/bin/bash
# Runs every fuzz target for the given time, one after the other. A finding is left in the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
failed=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  echo "== $package $target"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" || failed=1
done < <(grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' backend | sed 's/func //')
exit $failed
