#!/usr/bin/env bash
# base.sh TAG SUITE PACKAGES: an image of nothing but Debian packages.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=debian.sh
. "$(dirname "$0")/debian.sh"

root=$(mktemp --suffix .tar)
trap 'rm -f "$root"' EXIT
say "fetching $3 from Debian $2"
quietly "mmdebstrap $2" debian apt "$2" "$3" "$root"
quietly "docker import of $1" docker import "$root" "$1"
