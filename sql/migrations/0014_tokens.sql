-- Who may call, beside the token in the settings.
CREATE TABLE IF NOT EXISTS tokens (
    name         VARCHAR(64)           NOT NULL PRIMARY KEY,
    hash         BINARY(32)            NOT NULL COMMENT 'SHA-256 of the token',
    scopes       SET('read', 'ingest') NOT NULL,
    made_at      DATETIME(6)           NOT NULL COMMENT 'UTC',
    expires_at   DATETIME(6)           COMMENT 'UTC, NULL: never',
    last_used_at DATETIME(6)           COMMENT 'UTC, to the minute or so',
    UNIQUE KEY by_hash (hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
