#!/usr/bin/env bash
# Sees to it that a Docker engine answers, with the plugins compose and buildx. Installs and starts only what is missing.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=debian.sh
. "$(dirname "$0")/debian.sh"

answers() { docker info > /dev/null 2>&1; }

start_engine() {
  local log=/var/log/dockerd.log pid_file
  # An engine that was killed leaves its pid files. The next engine would take the processes that have these pids now for its own.
  for pid_file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
    [ ! -e "$pid_file" ] || [[ $(readlink "/proc/$(< "$pid_file")/exe") =~ (dockerd|containerd)$ ]] || rm -f "$pid_file"
  done
  say "starting dockerd; its log is $log"
  setsid nohup dockerd > "$log" 2>&1 < /dev/null &
  for _ in $(seq 60); do
    ! answers || return 0
    kill -0 $! 2> /dev/null || break
    sleep 0.5
  done
  tail -n 20 "$log" >&2
  die "dockerd does not answer; its log is $log"
}

# Of the release after this one: the Debian that first had compose 2 as a package.
install_plugins() {
  local root plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  say "installing docker compose and buildx into $plugins"
  command -v mmdebstrap > /dev/null || apt_install mmdebstrap debian-archive-keyring
  root=$(mktemp -d)
  quietly "fetching docker-compose and docker-buildx" debian extract trixie docker-compose,docker-buildx "$root"
  install -D -t "$plugins" "$root"/usr/libexec/docker/cli-plugins/docker-{compose,buildx}
  rm -rf "$root"
}

if ! command -v docker > /dev/null || { ! answers && ! command -v dockerd > /dev/null; }; then
  [ -z "${DOCKER_HOST:-}" ] || die "no engine answers at DOCKER_HOST=$DOCKER_HOST"
  apt_install docker.io iptables
fi
answers || [ -n "${DOCKER_HOST:-}" ] || start_engine
answers || die "no engine answers at DOCKER_HOST=$DOCKER_HOST"
{ docker compose version && docker buildx version; } > /dev/null 2>&1 || install_plugins
