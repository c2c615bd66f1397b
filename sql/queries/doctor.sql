-- What a look at a database needs that changes nothing, not even by making it.

-- name: database_there
-- Whether a database exists that the account may see.
SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %(name)s;

-- name: server_clock
-- The server's clock in UTC.
SELECT UTC_TIMESTAMP(6);
