#!/bin/bash
# Writes the page's bindings, frontend/wailsjs, from the methods of App. The program is built so that it does this and
# ends; it runs in the folder of wails.json.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/cache
go build -tags bindings -o build/cache/bindings .
# It tells every type it turns over; what matters comes on stderr.
tsprefix='' tssuffix='' tsoutputtype=interfaces build/cache/bindings >/dev/null
