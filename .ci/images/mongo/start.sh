#!/bin/bash
# Starts PostgreSQL with the DocumentDB extension, and in front of it FerretDB, which speaks the MongoDB protocol on 27017.
set -euo pipefail
data=/data/db/postgresql
export PATH=/usr/lib/postgresql/18/bin:$PATH PGHOST=/tmp PGUSER=postgres PGOPTIONS='-c client_min_messages=error'

if [ ! -e "$data" ]; then
  rm -rf "$data.new" # Of a first start that was killed.
  initdb --pgdata "$data.new" --auth trust --encoding UTF8 --locale C.UTF-8 > /dev/null
  echo "include '/etc/documentdb.conf'" >> "$data.new/postgresql.conf"
  mv "$data.new" "$data"
fi

postgres -D "$data" &
postgres=$! ferretdb=
stop() {
  # shellcheck disable=SC2086 # None, while it has not been started.
  kill $ferretdb 2> /dev/null || true
  kill -INT "$postgres" 2> /dev/null || true # Ends its sessions, not their work.
  wait "$postgres" || true
}
trap 'stop; exit 0' TERM INT

until pg_isready --quiet; do
  kill -0 "$postgres"
  sleep 0.1
done
psql --quiet --command 'create extension if not exists documentdb cascade'

# As in the official image: with these variables this user exists from the start, and every other login is refused.
auth=--no-auth user=${MONGO_INITDB_ROOT_USERNAME:-} password=${MONGO_INITDB_ROOT_PASSWORD:-}
if [ -n "$user" ] && [ -n "$password" ]; then
  auth=--auth
  psql --quiet --output /dev/null --set ON_ERROR_STOP=1 --set "user=$user" --set "password=$password" << 'SQL'
select documentdb_api.create_user(json_build_object('createUser', :'user', 'pwd', :'password', 'roles', json_build_array(
  json_build_object('role', 'readWriteAnyDatabase', 'db', 'admin'), json_build_object('role', 'clusterAdmin', 'db', 'admin')
))::text::documentdb_core.bson) where not exists (select from pg_roles where rolname = :'user');
SQL
fi
ferretdb --postgresql-url=postgres://postgres@127.0.0.1:5432/postgres --listen-addr=:27017 "$auth" \
  --telemetry=disable --debug-addr=- --log-level=warn --state-dir=/tmp &
ferretdb=$!

wait -n || true # Neither ends by itself: when one does, so does the container.
stop
exit 1
