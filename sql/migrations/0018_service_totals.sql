-- The totals with a column for each level: a quarter of the rows. The table begins as a copy of the
-- old one without rows, so that it has the same partitions. The next migration drops the old one, so
-- that this one may be cut short and done again.
CREATE TABLE IF NOT EXISTS service_totals LIKE log_totals;

ALTER TABLE service_totals
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (span, start, service),
    DROP COLUMN IF EXISTS level,
    DROP COLUMN IF EXISTS count,
    ADD COLUMN IF NOT EXISTS debug    BIGINT UNSIGNED NOT NULL,
    ADD COLUMN IF NOT EXISTS info     BIGINT UNSIGNED NOT NULL,
    ADD COLUMN IF NOT EXISTS warn     BIGINT UNSIGNED NOT NULL,
    ADD COLUMN IF NOT EXISTS error    BIGINT UNSIGNED NOT NULL,
    ADD COLUMN IF NOT EXISTS critical BIGINT UNSIGNED NOT NULL,
    ADD COLUMN IF NOT EXISTS fatal    BIGINT UNSIGNED NOT NULL;

DELETE FROM service_totals;

INSERT INTO service_totals
SELECT span, start, service,
       SUM(IF(level = 'DEBUG', count, 0)), SUM(IF(level = 'INFO', count, 0)),
       SUM(IF(level = 'WARN', count, 0)), SUM(IF(level = 'ERROR', count, 0)),
       SUM(IF(level = 'CRITICAL', count, 0)), SUM(IF(level = 'FATAL', count, 0))
FROM log_totals
GROUP BY span, start, service;
