#!/usr/bin/env bash
# fetch.sh DIRECTORY: FerretDB, built from its Go module, as DIRECTORY/ferretdb.
set -euo pipefail
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

say "building FerretDB from its Go module"
cd "$1"
quietly "building FerretDB" env CGO_ENABLED=0 go build -trimpath -o ferretdb github.com/FerretDB/FerretDB/v2/cmd/ferretdb
