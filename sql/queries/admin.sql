-- name: server_version
-- The version of the server, such as 11.8.9-MariaDB.
SELECT VERSION();

-- name: node_state
-- Whether the server is a Galera node, and whether it takes writes.
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'read_only');

-- name: galera_ready
-- Whether a Galera node is joined to a majority of its cluster.
SHOW GLOBAL STATUS LIKE 'wsrep_ready';

-- name: create_database
-- The database itself, named by a checked identifier.
CREATE DATABASE IF NOT EXISTS `%(name)s` CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_as_ci;

-- name: create_migrations
-- The list of migrations already applied.
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       VARCHAR(255) NOT NULL PRIMARY KEY,
    applied_at DATETIME     NOT NULL
);

-- name: applied_migrations
-- Names of the migrations already applied.
SELECT name FROM schema_migrations;

-- name: mark_migration
-- Remember a migration.
INSERT IGNORE INTO schema_migrations (name, applied_at) VALUES (%(name)s, UTC_TIMESTAMP());

-- name: stop_thread
-- End a connection, and with it the statement that it is at.
KILL %(thread)s;

-- name: cuts_under_way
-- How many statements of others cut partitions now.
SELECT COUNT(*) FROM information_schema.PROCESSLIST
WHERE LOCATE('REORGANIZE PARTITION', INFO) > 0 AND ID != CONNECTION_ID();

-- name: bootstrap
-- What the system tables of a private server need to be told first; one statement a line.
CREATE DATABASE IF NOT EXISTS mysql;
USE mysql;
SET @auth_root_socket = %(user)s;

-- name: admission
-- The account of the user whose folder it is, who may do everything; one statement a line.
CREATE USER IF NOT EXISTS '%(user)s'@localhost;
ALTER USER '%(user)s'@localhost IDENTIFIED %(how)s;
GRANT ALL PRIVILEGES ON *.* TO '%(user)s'@localhost WITH GRANT OPTION;

-- name: reader
-- The account that may read our database and do nothing else; one statement a line.
CREATE USER IF NOT EXISTS '%(reader)s'@localhost;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM '%(reader)s'@localhost;
ALTER USER '%(reader)s'@localhost IDENTIFIED %(how)s;
GRANT SELECT ON devmesh.* TO '%(reader)s'@localhost;

-- name: has_account
-- Whether an account exists.
SELECT 1 FROM mysql.global_priv WHERE Host = 'localhost' AND User = %(name)s;

-- name: session
-- What every connection is set to. One that reads is refused every write, whatever its account may.
SET SESSION time_zone = '+00:00',
    sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    tx_isolation = 'READ-COMMITTED',
    max_error_count = 20000,
    wsrep_sync_wait = 1, -- ? galera
    transaction_read_only = 1, -- ? reads
    max_statement_time = 10, -- ? reads
    group_concat_max_len = 1048576

-- name: text_index
-- The index of the messages' words, if there is one.
SELECT 1 FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_events' AND INDEX_TYPE = 'FULLTEXT';

-- name: text_index_settings
-- Which words the server indexes.
SELECT @@innodb_ft_min_token_size, @@innodb_ft_server_stopword_table;

-- name: add_text_index
-- An index of the messages' words.
ALTER TABLE log_events ADD FULLTEXT KEY by_words (message);
