-- What a database needs before its first migration. Run once as superuser, connected to that database.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO kpiapp_owner', current_database());
END $$;
ALTER SCHEMA public OWNER TO kpiapp_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kpiapp_app;

-- No TRUNCATE and no REFERENCES: row security covers neither.
ALTER DEFAULT PRIVILEGES FOR ROLE kpiapp_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kpiapp_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kpiapp_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO kpiapp_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kpiapp_owner IN SCHEMA public
    GRANT EXECUTE ON FUNCTIONS TO kpiapp_app;
