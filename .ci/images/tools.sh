#!/usr/bin/env bash
# tools.sh IMAGE…: sees to it that what fetches the parts of these images is there.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

command -v mmdebstrap > /dev/null || apt_install mmdebstrap debian-archive-keyring
for name in "$@"; do
  case $name in
  kafka | registry) command -v mvn > /dev/null || apt_install maven ;;
  mongo) command -v go > /dev/null || die "FerretDB is built from source: install Go 1.25 or newer first" ;;
  node) command -v npm > /dev/null || die "install npm first" ;;
  esac
done
