-- Metric points. `labels` is canonical JSON: keys sorted, values as text.

CREATE TABLE IF NOT EXISTS metric_events (
    id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    timestamp DATETIME(6)     NOT NULL COMMENT 'UTC',
    name      VARCHAR(255)    NOT NULL,
    value     DOUBLE          NOT NULL,
    unit      VARCHAR(50)     NOT NULL,
    service   VARCHAR(255)    NOT NULL,
    host      VARCHAR(255)    NOT NULL,
    labels    JSON            NOT NULL,
    point_uid BINARY(16)      NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY by_uid (point_uid),
    KEY by_name (name, timestamp)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;
