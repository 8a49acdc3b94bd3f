# shellcheck shell=bash
# File systems of Debian packages; read with `.`.

# Where this machine gets Debian packages from; nothing when it is no Debian, and then mmdebstrap knows a mirror itself.
debian_mirror() {
  cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null |
    sed -nE 's/^(URIs:|deb) +(\[[^]]*\] +)?(https?:[^ ]*\/debian)\/?( .*)?$/\3/p' | head -n 1
}

# debian VARIANT SUITE PACKAGES TARGET: a file system of Debian packages, as a directory or a .tar.
debian() {
  local mirror scratch=${TMPDIR:-/tmp}
  mirror=$(debian_mirror)
  # dpkg syncs every file it writes: in memory that is free.
  [ "$(df --output=avail -k /dev/shm 2> /dev/null | tail -n 1 || echo 0)" -lt 4000000 ] || scratch=/dev/shm
  # A mirror may be a snapshot, whose index is past its date.
  TMPDIR=$scratch mmdebstrap --variant="$1" --components=main --include="$3" --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' "$2" "$4" ${mirror:+"$mirror"}
}
