#!/bin/sh
# The two roles of the database, made once with the cluster: one owns and migrates, the other works (README, "Roles").
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" <<'SQL'
CREATE ROLE ado_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE ado_app LOGIN PASSWORD :'app_password';
CREATE DATABASE ado OWNER ado_owner;
\connect ado
CREATE EXTENSION btree_gist;
CREATE EXTENSION pg_trgm;
SQL
