-- What shippers say of themselves, and the entries they know to be lost.

CREATE TABLE IF NOT EXISTS shippers (
    host         VARCHAR(255)    NOT NULL,
    source       VARCHAR(100)    NOT NULL,
    heard_at     DATETIME(6)     NOT NULL,
    position     DATETIME(6),
    lag_seconds  DOUBLE,
    hours_left   DOUBLE,
    sent         BIGINT UNSIGNED NOT NULL,
    retried      BIGINT UNSIGNED NOT NULL,
    dead         BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (host, source)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;

CREATE TABLE IF NOT EXISTS log_gaps (
    host     VARCHAR(255)    NOT NULL,
    source   VARCHAR(255)    NOT NULL,
    start_at DATETIME(6)     NOT NULL,
    end_at   DATETIME(6)     NOT NULL,
    missing  BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (host, source, start_at, end_at),
    KEY by_end (end_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;
