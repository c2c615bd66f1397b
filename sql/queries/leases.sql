-- name: create_leases
-- Who may do what until when; made ahead of the migrations, which need it themselves.
CREATE TABLE IF NOT EXISTS leases (
    name   VARCHAR(64)  NOT NULL PRIMARY KEY,
    holder VARCHAR(255) NOT NULL,
    until  DATETIME(6)  NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- name: take_lease
-- Take a lease that is free or over, or renew our own; assignments see those before them.
INSERT INTO leases (name, holder, until)
VALUES (%(name)s, %(holder)s, UTC_TIMESTAMP(6) + INTERVAL %(seconds)s SECOND)
ON DUPLICATE KEY UPDATE
    holder = IF(until < UTC_TIMESTAMP(6), VALUES(holder), holder),
    until = IF(holder = VALUES(holder), VALUES(until), until);

-- name: lease_holder
-- Who has a lease now.
SELECT holder FROM leases WHERE name = %(name)s;

-- name: give_back_lease
-- End our own lease.
DELETE FROM leases WHERE name = %(name)s AND holder = %(holder)s;
