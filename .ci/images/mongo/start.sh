#!/bin/bash
# Starts PostgreSQL with the DocumentDB extension, and in front of it FerretDB, which speaks the MongoDB protocol on 27017.
set -euo pipefail
data=/data/db
export PATH=/usr/lib/postgresql/18/bin:$PATH PGHOST=/tmp PGUSER=postgres

if [ ! -s "$data/PG_VERSION" ]; then
  initdb --pgdata "$data" --auth trust --encoding UTF8 --locale C.UTF-8 > /dev/null
  cat >> "$data/postgresql.conf" << 'CONF'
listen_addresses = '127.0.0.1' # DocumentDB's own jobs, such as index builds, come over TCP.
unix_socket_directories = '/tmp'
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
max_connections = 300
CONF
fi
pg_ctl --pgdata "$data" --log "$data/server.log" --silent --wait start
psql --quiet --command 'create extension if not exists documentdb cascade' 2> /dev/null

ferretdb --postgresql-url=postgres://postgres@127.0.0.1:5432/postgres --listen-addr=:27017 --no-auth \
  --telemetry=disable --debug-addr=- --log-level=warn --state-dir=/tmp &
stop() {
  kill "$!" 2> /dev/null || true
  pg_ctl --pgdata "$data" --silent --mode fast stop
}
trap 'stop; exit 0' TERM INT
wait "$!" # FerretDB ends only by a signal or a fault.
stop
exit 1
