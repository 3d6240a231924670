#!/bin/sh
# Gives the two roles their passwords where PostgreSQL runs in a container; the files beside it run before.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
ALTER ROLE kpiapp_owner PASSWORD :'owner';
ALTER ROLE kpiapp_app PASSWORD :'app';
SQL
