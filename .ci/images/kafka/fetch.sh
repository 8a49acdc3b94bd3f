#!/usr/bin/env bash
# fetch.sh DIRECTORY: Kafka's jars, from Maven, into DIRECTORY/libs.
set -euo pipefail
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

say "fetching Kafka from Maven"
quietly "fetching Kafka" mvn -B -f "$1/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/libs"
