-- Counts by minute, hour and day in one table: a month is answered from days, exact to the row
-- with hours, minutes and rows at its ends. They take the place of the counts by minute.

CREATE TABLE IF NOT EXISTS log_counts (
    span       ENUM('minute', 'hour', 'day') NOT NULL,
    start      DATETIME        NOT NULL COMMENT 'UTC',
    pattern_id BIGINT UNSIGNED NOT NULL,
    host       VARCHAR(255)    NOT NULL,
    level      ENUM('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'FATAL') NOT NULL,
    count      INT UNSIGNED    NOT NULL,
    first_at   DATETIME(6)     NOT NULL,
    last_at    DATETIME(6)     NOT NULL,
    PRIMARY KEY (span, start, pattern_id, host, level),
    KEY by_pattern (pattern_id, span, start)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;

INSERT IGNORE INTO log_counts
SELECT 'minute', minute, pattern_id, host, level, count, first_at, last_at
FROM log_rollup;

INSERT IGNORE INTO log_counts
SELECT 'hour', DATE_FORMAT(minute, '%Y-%m-%d %H:00:00'), pattern_id, host, level, SUM(count),
       MIN(first_at), MAX(last_at)
FROM log_rollup
GROUP BY 2, 3, 4, 5;

INSERT IGNORE INTO log_counts
SELECT 'day', DATE(minute), pattern_id, host, level, SUM(count), MIN(first_at), MAX(last_at)
FROM log_rollup
GROUP BY 2, 3, 4, 5;
