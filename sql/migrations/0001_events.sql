-- Events by day, the patterns they are instances of, and their counts by minute.
--
-- The keys end in id, as pages are ordered: a partitioned table does not order by the id that
-- InnoDB appends by itself. MariaDB commits each statement of a migration at once, so every
-- statement here may be repeated.

CREATE TABLE IF NOT EXISTS log_events (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    timestamp  DATETIME(6)     NOT NULL COMMENT 'UTC',
    source     VARCHAR(255)    NOT NULL,
    service    VARCHAR(255)    NOT NULL,
    host       VARCHAR(255)    NOT NULL,
    level      ENUM('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'FATAL') NOT NULL,
    trace_id   VARCHAR(64),
    span_id    VARCHAR(32),
    event_type VARCHAR(100),
    error_code VARCHAR(50),
    message    TEXT            NOT NULL,
    meta_json  JSON,
    event_uid  BINARY(16)      NOT NULL,
    pattern_id BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (id, timestamp),
    UNIQUE KEY by_uid (event_uid, timestamp),
    KEY by_time (timestamp, id),
    KEY by_service (service, timestamp, id),
    KEY by_host (host, timestamp, id),
    KEY by_level (level, timestamp, id),
    KEY by_trace (trace_id),
    KEY by_pattern (pattern_id, timestamp, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci
PARTITION BY RANGE COLUMNS (timestamp) (
    PARTITION p_past VALUES LESS THAN ('1970-01-02'),
    PARTITION p_future VALUES LESS THAN (MAXVALUE)
);

CREATE TABLE IF NOT EXISTS log_patterns (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    hash       BINARY(16)      NOT NULL,
    service    VARCHAR(255)    NOT NULL,
    text       TEXT            NOT NULL,
    masks      SMALLINT        NOT NULL COMMENT 'version of the masking rules',
    first_seen DATETIME(6)     NOT NULL DEFAULT '9999-12-31',
    last_seen  DATETIME(6)     NOT NULL DEFAULT '1000-01-01',
    count      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY by_hash (hash),
    KEY by_service (service)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;

CREATE TABLE IF NOT EXISTS log_rollup (
    minute     DATETIME        NOT NULL,
    pattern_id BIGINT UNSIGNED NOT NULL,
    host       VARCHAR(255)    NOT NULL,
    level      ENUM('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'FATAL') NOT NULL,
    count      INT UNSIGNED    NOT NULL,
    first_at   DATETIME(6)     NOT NULL,
    last_at    DATETIME(6)     NOT NULL,
    PRIMARY KEY (minute, pattern_id, host, level),
    KEY by_pattern (pattern_id, minute)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;

CREATE TABLE IF NOT EXISTS log_hosts (
    host         VARCHAR(255) NOT NULL,
    last_event   DATETIME(6)  NOT NULL,
    last_arrival DATETIME(6)  NOT NULL,
    PRIMARY KEY (host)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;
