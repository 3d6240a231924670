-- The two roles of one installation. The owner migrates; the app role serves pages and works, and owns nothing.
-- Passwords are set by whoever runs this file.
CREATE ROLE kpiapp_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
CREATE ROLE kpiapp_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
