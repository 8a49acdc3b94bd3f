# shellcheck shell=bash
# What the scripts beside it share; each reads it with `.`.

# Where dockerd, chroot and their like are; not every shell looks there.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# The certificates this machine trusts, among them those of a proxy it may be behind.
export ca_bundle=/etc/ssl/certs/ca-certificates.crt

say() { echo "images: $*" >&2; }

die() {
  say "$*"
  exit 1
}

hash_of() { printf '%s\n' "$@" | sha256sum | cut -c 1-12; }

present() { docker image inspect "$1" > /dev/null 2>&1; }

# quietly STEP COMMAND…: without its output; when it fails, says which step it was and how the output ended.
quietly() {
  local step=$1 log
  shift
  log=$(mktemp)
  "$@" > "$log" 2>&1 < /dev/null || {
    tail -n 30 "$log" >&2
    die "$step failed; all it said is in $log"
  }
  rm -f "$log"
}

# apt_install PACKAGE…
apt_install() {
  command -v apt-get > /dev/null || die "install $* first: there is no apt-get here to do it"
  [ "$(id -u)" = 0 ] || die "install $* first: apt-get needs root"
  say "installing $*"
  quietly "apt-get update" apt-get -q update
  quietly "apt-get install $*" env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "$@"
}
