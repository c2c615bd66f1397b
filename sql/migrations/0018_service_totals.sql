-- The totals with a column for each level: a quarter of the rows. The next migration drops those of
-- before, so that this one may be cut short and done again.
CREATE TABLE IF NOT EXISTS service_totals (
    span     ENUM('minute', 'hour', 'day') NOT NULL,
    start    DATETIME        NOT NULL COMMENT 'UTC',
    service  VARCHAR(255)    NOT NULL,
    debug    BIGINT UNSIGNED NOT NULL,
    info     BIGINT UNSIGNED NOT NULL,
    warn     BIGINT UNSIGNED NOT NULL,
    error    BIGINT UNSIGNED NOT NULL,
    critical BIGINT UNSIGNED NOT NULL,
    fatal    BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (span, start, service),
    KEY by_service (service, span, start)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci
PARTITION BY RANGE COLUMNS (start) (
    PARTITION p_past VALUES LESS THAN ('1970-01-02'),
    PARTITION p_future VALUES LESS THAN (MAXVALUE)
);

REPLACE INTO service_totals
SELECT span, start, service,
       SUM(IF(level = 'DEBUG', count, 0)), SUM(IF(level = 'INFO', count, 0)),
       SUM(IF(level = 'WARN', count, 0)), SUM(IF(level = 'ERROR', count, 0)),
       SUM(IF(level = 'CRITICAL', count, 0)), SUM(IF(level = 'FATAL', count, 0))
FROM log_totals
GROUP BY span, start, service;
