#!/usr/bin/env bash
# fetch.sh DIRECTORY: Node and npm as package.json pins them, from npm, into DIRECTORY/node and DIRECTORY/npm.
set -euo pipefail
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
repository=$(cd "$(dirname "$0")/../../.." && pwd)

say "fetching Node and npm from npm"
cp "$ca_bundle" "$1/ca-certificates.crt"
cd "$1"
node=node-linux-$(node -p process.arch)
node_version=$(node -p "require('$repository/package.json').optionalDependencies['$node']")
npm=$(node -p "require('$repository/package.json').packageManager")
quietly "fetching Node and npm" npm pack --silent "$node@$node_version" "$npm"
mkdir node npm
tar -xzf "$node-$node_version.tgz" --strip-components=1 -C node
tar -xzf "${npm/@/-}.tgz" --strip-components=1 -C npm
rm ./*.tgz
