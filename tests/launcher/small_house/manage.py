"""The command line of the small house: as much of it as the launcher calls."""

import os
import sys
import time

import psycopg

TABLES = """
CREATE TABLE IF NOT EXISTS teams_user (email text);
CREATE TABLE IF NOT EXISTS incidents_proceduresrevision (version text);
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ado_app;
"""

verb = sys.argv[1]
if verb == "engine":
    time.sleep(3600)
with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
    if verb == "migrate":
        owner.execute(TABLES)
    elif verb == "procedures":
        owner.execute("INSERT INTO incidents_proceduresrevision VALUES (%s)", [sys.argv[3]])
    elif verb == "demo":
        owner.execute("INSERT INTO teams_user VALUES ('admin@example.com')")
