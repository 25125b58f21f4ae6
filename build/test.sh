#!/bin/bash
# Runs all tests, one kind after the other, and goes on after a failure. What each kind said is kept whole in
# test-output; the end is a line with what passed and what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
out=$root/test-output
mkdir -p "$out"
rm -f "$out"/*.log "$out"/hls-*.txt
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}"
export CI=${CI:-true}
export DROPSTREAM_BIN=$root/build/bin/dropstream
passed=0
failed=0
skipped=0
broken=()

# kind NAME COMMAND...: runs a kind of tests and shows what matters of it. With V=1, all of it.
kind() {
  local name=$1 began=$SECONDS code
  shift
  echo "== $name"
  if [ "${V:-}" = 1 ]; then
    "$@" 2>&1 </dev/null | tee "$out/$name.log"
    code=${PIPESTATUS[0]}
  else
    "$@" >"$out/$name.log" 2>&1 </dev/null
    code=$?
  fi
  if [ "$code" != 0 ]; then
    broken+=("$name")
    [ "${V:-}" = 1 ] || tail -n 200 "$out/$name.log"
  fi
  echo "   $name: $([ "$code" = 0 ] && echo done || echo FAILED) in $((SECONDS - began)) s"
  return "$code"
}

# count adds up what Go's tests, vitest and Playwright say of themselves in a log.
count() {
  local log=$out/$1.log p f s
  p=$(grep -cE '^ *--- PASS: ' "$log")
  f=$(grep -cE '^ *--- FAIL: ' "$log")
  s=$(grep -cE '^ *--- SKIP: ' "$log")
  p=$((p + $(numbers passed "$log")))
  f=$((f + $(numbers failed "$log")))
  s=$((s + $(numbers skipped "$log")))
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  grep -E -A3 '^ *--- SKIP: ' "$log" | sed 's/^/   /'
  echo "   $1: $p passed, $f failed, $s skipped"
}

# numbers adds up "12 passed" at the place where vitest ("Tests  12 passed") and Playwright ("  12 passed (3s)") say it.
numbers() {
  sed 's/\x1b\[[0-9;]*m//g' "$2" | awk -v word="$1" '
    /^ *Tests +[0-9]/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) }
    /^ +[0-9]+ (passed|failed|skipped)( \([0-9.]+[a-z]+\))?$/ { if ($2 == word) n += $1 }
    END { print n + 0 }'
}

lint() { make --no-print-directory lint && bindings; }

# The committed bindings are those of the methods that there are.
bindings() {
  [ -d frontend/wailsjs ] || return 0
  build/bindings.sh && git diff --exit-code -- frontend/wailsjs
}

front() { (cd frontend && npm run --silent check && npm run --silent lint && npm run --silent test); }
browser() { (cd frontend && npm run --silent e2e); }

kind build make --no-print-directory build || { echo "Nothing can be tested: the build failed."; exit 1; }
kind lint lint
kind unit go test -race -timeout 20m -v . ./backend/...
count unit
kind fuzz build/fuzz.sh 1s
kind hls go test -tags hls -timeout 20m -v ./backend/testkit/suite
count hls
kind front front
count front
if [ -x "${DROPSTREAM_CHROMIUM:-/usr/bin/chromium}" ]; then
  kind browser browser
  count browser
else
  echo "== browser"
  echo "   SKIPPED: there is no Chromium at ${DROPSTREAM_CHROMIUM:-/usr/bin/chromium}; DROPSTREAM_CHROMIUM names another."
fi
kind window go test -tags window -timeout 15m -v ./build/test/window
count window

echo "== what became of each file"
cat "$out"/hls-*.txt 2>/dev/null || echo "   no list was written"
echo
if [ ${#broken[@]} -gt 0 ]; then
  echo "Failed: ${broken[*]}"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ ${#broken[@]} -eq 0 ]
