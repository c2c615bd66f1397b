-- How many of each service and level, by minute, hour and day: of the counts a fraction, as neither
-- patterns nor hosts are told apart. Every unique key holds the partitioning column.

CREATE TABLE IF NOT EXISTS log_totals (
    span    ENUM('minute', 'hour', 'day') NOT NULL,
    start   DATETIME     NOT NULL COMMENT 'UTC',
    service VARCHAR(255) NOT NULL,
    level   ENUM('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'FATAL') NOT NULL,
    count   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (span, start, service, level)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci
PARTITION BY RANGE COLUMNS (start) (
    PARTITION p_past VALUES LESS THAN ('1970-01-02'),
    PARTITION p_future VALUES LESS THAN (MAXVALUE)
);

INSERT INTO log_totals
SELECT c.span, c.start, p.service, c.level, SUM(c.count)
FROM log_counts AS c
JOIN log_patterns AS p ON p.id = c.pattern_id
GROUP BY 1, 2, 3, 4
ON DUPLICATE KEY UPDATE count = VALUES(count);
