#!/bin/bash
# As in the official image: options alone are the server's, and the server answers other machines too.
set -euo pipefail
[ "${1#-}" = "$1" ] || set -- redis-server "$@"
[ "$1" != redis-server ] || set -- "$@" --protected-mode no
exec "$@"
