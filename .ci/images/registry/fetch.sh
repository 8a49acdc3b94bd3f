#!/usr/bin/env bash
# fetch.sh DIRECTORY: Apicurio Registry, from Maven, into DIRECTORY/app.
set -euo pipefail
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
readonly artifact=io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all

say "fetching Apicurio Registry from Maven"
cd "$1"
quietly "fetching Apicurio Registry" mvn -B dependency:copy -Dartifact="$artifact" -DoutputDirectory=.
mkdir app
tar -xzf apicurio-registry-app-*.tar.gz -C app
rm apicurio-registry-app-*.tar.gz
