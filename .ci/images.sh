#!/usr/bin/env bash
# Images built from package registries, for machines that cannot pull: the servers and the proxy of docker-compose.yml and of
# the integration suites, and Node for the Dockerfile. Starts a Docker engine if none answers, builds the images that are
# missing, and prints the variables that name them:
#
#   eval "$(.ci/images.sh)"              all of them; some minutes the first time, a second after that
#   eval "$(.ci/images.sh kafka mongo)"  only those named
#
# A tag is a hash of what the image is made from, so a changed recipe makes a new image and leaves the others alone.
# How they differ from the official images: docs/compatibility.md.
set -euo pipefail
# Of two that run at once the second waits, and then finds the images. (-o: an engine started here must not hold the lock.)
[ -n "${IMAGES_LOCKED:-}" ] || IMAGES_LOCKED=1 exec flock -o "${TMPDIR:-/tmp}/tickline-images-$UID.lock" "$0" "$@"
recipes=$(cd "$(dirname "$0")/images" && pwd)
# shellcheck source=images/common.sh
. "$recipes/common.sh"
exec 3>&1 1>&2 # Only the variables go to standard output.
finish() {
  # What is evaluated has to fail too: an `eval` of nothing is a success.
  [ $? = 0 ] || echo false >&3
  # shellcheck disable=SC2046 # One word a process.
  kill $(jobs -p) 2> /dev/null || true
  rm -rf "${work:-}"
}
trap finish EXIT

# What each image stands on, and what that is: a Debian suite and packages of it.
declare -A base_of=([kafka]=servers [redis]=servers [registry]=servers [mongo]=documentdb [proxy]=proxy [node]=node)
declare -A packages_of=(
  [servers]="trixie openjdk-21-jre-headless,redis-server"
  [documentdb]="sid postgresql-18-documentdb" # No release has the extension yet.
  [proxy]="trixie caddy,wget" # wget: the health check uses that of the official image.
  [node]="bookworm ca-certificates"
)
names=("$@")
[ $# -gt 0 ] || names=(kafka mongo redis registry proxy node)
for name in "${names[@]}"; do [ -n "${base_of[$name]:-}" ] || die "unknown image: $name. There are: ${!base_of[*]}"; done

# Names under localhost/ are looked for in no registry.
base_tag() { echo "localhost/tickline/base-$1:$(hash_of "$(< "$recipes/debian.sh")" "${packages_of[$1]}")"; }

tag_of() {
  local inputs
  inputs=$(cat "$recipes/$1"/*)
  [ "$1" != node ] || inputs+=$(grep -E '"(packageManager|node-linux-)' "$recipes/../../package.json" && cat "$ca_bundle")
  echo "localhost/tickline/$1:$(hash_of "$inputs" "$(base_tag "${base_of[$1]}")")"
}

# build NAME: from what was fetched for it.
build() {
  say "building $(tag_of "$1")"
  quietly "docker build of $1" docker build --network none --build-arg "BASE=$(base_tag "${base_of[$1]}")" --tag "$(tag_of "$1")" "$work/$1"
}

"$recipes/engine.sh" 3>&- # Or an engine started here would keep the reader of the variables waiting.
missing=()
for name in "${names[@]}"; do present "$(tag_of "$name")" || missing+=("$name"); done

if [ "${#missing[@]}" -gt 0 ]; then
  work=$(mktemp -d)
  say "building ${missing[*]}: some minutes, once"
  "$recipes/tools.sh" "${missing[@]}"
  steps=()
  for base in $(for name in "${missing[@]}"; do echo "${base_of[$name]}"; done | sort -u); do
    # shellcheck disable=SC2086 # A suite and its packages are two words.
    present "$(base_tag "$base")" || { "$recipes/base.sh" "$(base_tag "$base")" ${packages_of[$base]} 3>&- & steps+=($!); }
  done
  for name in "${missing[@]}"; do
    cp -r "$recipes/$name" "$work/$name"
    [ ! -e "$work/$name/fetch.sh" ] || { "$recipes/$name/fetch.sh" "$work/$name" 3>&- & steps+=($!); }
  done
  failed=0
  for step in "${steps[@]}"; do wait "$step" || failed=1; done
  [ "$failed" = 0 ] || exit 1
  for name in "${missing[@]}"; do build "$name"; done
fi

for name in "${names[@]}"; do echo "export ${name^^}_IMAGE=$(tag_of "$name")" >&3; done
echo "export TESTCONTAINERS_RYUK_DISABLED=true" >&3 # What it cleans up with is one more image to pull.
