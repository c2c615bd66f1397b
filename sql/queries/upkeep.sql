-- name: partitions
-- The partitions of tables with the day each ends before, oldest first.
SELECT TABLE_NAME, PARTITION_NAME, PARTITION_DESCRIPTION
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %(tables)s
ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION;

-- name: split_partitions
-- Cut or join neighbouring partitions; names and bounds are made from dates. Never stopped halfway.
SET STATEMENT max_statement_time = 0 FOR
ALTER TABLE %(table)s WAIT 1 REORGANIZE PARTITION %(old)s INTO (%(new)s);

-- name: empty_partitions
-- Throw away whatever lies in some partitions; their files become small at once.
ALTER TABLE %(table)s WAIT 1 TRUNCATE PARTITION %(old)s;

-- name: delete_past
-- Rows of the first partition from before a day, a bounded number.
DELETE FROM %(table)s PARTITION (p_past)
WHERE start < %(before_start)s -- ? before_start
WHERE timestamp < %(before_time)s -- ? before_time
LIMIT %(limit)s;

-- name: rows_changed
-- How many rows the statement before has changed.
SELECT ROW_COUNT();

-- name: past_row
-- Whether the first partition of a table holds a row from before a day.
SELECT 1 FROM %(table)s PARTITION (p_past)
WHERE start < %(before_start)s -- ? before_start
WHERE timestamp < %(before_time)s -- ? before_time
LIMIT 1;

-- name: file_sizes
-- Bytes of the database's files by table and partition: as they look, and as they lie on disk.
SELECT SUBSTRING_INDEX(NAME, '/', -1), FILE_SIZE, ALLOCATED_SIZE
FROM information_schema.INNODB_SYS_TABLESPACES
WHERE SUBSTRING_INDEX(NAME, '/', 1) = DATABASE();

-- name: estimated_sizes
-- The same from the statistics, for an account that may not see the files.
SELECT CONCAT(TABLE_NAME, IFNULL(CONCAT('#P#', PARTITION_NAME), '')),
       DATA_LENGTH + INDEX_LENGTH + DATA_FREE, DATA_LENGTH + INDEX_LENGTH + DATA_FREE
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = DATABASE() AND DATA_LENGTH IS NOT NULL;

-- name: kept
-- Since when everything is kept, and which retention dropped what is older.
SELECT kept_since, kept_rule FROM upkeep;

-- name: put_kept
-- Remember that a retention has dropped what is older.
UPDATE upkeep
SET kept_since = %(since)s, kept_rule = %(rule)s
WHERE kept_since IS NULL OR kept_since < %(since)s;

-- name: put_run
-- Remember the upkeep's latest run.
UPDATE upkeep SET ran_at = %(at)s, ran_on = %(host)s, did = %(did)s, error = %(error)s;

-- name: last_run
-- The upkeep's latest run by any process.
SELECT ran_at, ran_on, did, error FROM upkeep;

-- name: forget_gaps
-- Forget gaps that end before a day, a bounded number.
DELETE FROM log_gaps WHERE end_at < %(before)s LIMIT %(limit)s;

-- name: forget_undated
-- Forget uids that came before a day, a bounded number.
DELETE FROM undated_events WHERE arrived_at < %(before)s LIMIT %(limit)s;

-- name: gone_patterns
-- Patterns after an id whose rows are all from before a day.
SELECT id FROM log_patterns
WHERE id > %(after)s AND count > 0 AND last_seen < %(before)s
ORDER BY id
LIMIT %(limit)s;

-- name: forget_patterns
-- Forget those of some patterns that have not come again meanwhile.
DELETE FROM log_patterns WHERE id IN %(patterns)s AND last_seen < %(before)s;

-- name: forget_vectors
-- Forget the vectors of patterns that are gone, a bounded number.
DELETE FROM %(table)s
WHERE pattern_id NOT IN (SELECT id FROM log_patterns)
LIMIT %(limit)s;

-- name: future_rows
-- How many events are dated later than the days made ahead, up to a thousand.
SELECT COUNT(*) FROM (SELECT 1 FROM log_events PARTITION (p_future) LIMIT 1000) AS later;

-- name: create_trial
-- A table to see whether page compression leaves holes.
CREATE TABLE compression_trial (id INT PRIMARY KEY, text MEDIUMTEXT NOT NULL)
ENGINE = InnoDB PAGE_COMPRESSED = 1;

-- name: fill_trial
-- A megabyte that compresses well.
INSERT INTO compression_trial VALUES (1, REPEAT('a', 1000000));

-- name: flush_trial
-- Write it to disk.
FLUSH TABLES compression_trial FOR EXPORT;

-- name: unlock_tables
-- End what the flush has locked.
UNLOCK TABLES;

-- name: trial_size
-- Its bytes: as they look, and as they lie on disk.
SELECT FILE_SIZE, ALLOCATED_SIZE
FROM information_schema.INNODB_SYS_TABLESPACES
WHERE NAME = CONCAT(DATABASE(), '/compression_trial');

-- name: drop_trial
-- The trial is over.
DROP TABLE IF EXISTS compression_trial;

-- name: grants
-- What the account may do.
SHOW GRANTS;

-- name: data_directory
-- Where the server keeps its files.
SELECT @@datadir;

-- name: miscounted_days
-- The days whose totals are lower than the counts that they are sums of.
SELECT start
FROM (
    SELECT start, CAST(SUM(count) AS SIGNED) AS n FROM log_counts WHERE span = 'day' GROUP BY start
    UNION ALL
    SELECT start, -CAST(SUM(debug + info + warn + error + critical + fatal) AS SIGNED)
    FROM service_totals WHERE span = 'day' GROUP BY start
) AS sums
GROUP BY start
HAVING SUM(n) > 0
ORDER BY start;

-- name: add_missing_totals
-- Add what the totals of a range lack, as one snapshot has both.
INSERT INTO service_totals
SELECT span, start, service, GREATEST(0, SUM(debug)), GREATEST(0, SUM(info)),
       GREATEST(0, SUM(warn)), GREATEST(0, SUM(error)), GREATEST(0, SUM(critical)),
       GREATEST(0, SUM(fatal))
FROM (
    SELECT c.span, c.start, p.service,
           CAST(SUM(IF(c.level = 'DEBUG', c.count, 0)) AS SIGNED) AS debug,
           CAST(SUM(IF(c.level = 'INFO', c.count, 0)) AS SIGNED) AS info,
           CAST(SUM(IF(c.level = 'WARN', c.count, 0)) AS SIGNED) AS warn,
           CAST(SUM(IF(c.level = 'ERROR', c.count, 0)) AS SIGNED) AS error,
           CAST(SUM(IF(c.level = 'CRITICAL', c.count, 0)) AS SIGNED) AS critical,
           CAST(SUM(IF(c.level = 'FATAL', c.count, 0)) AS SIGNED) AS fatal
    FROM log_counts AS c
    JOIN log_patterns AS p ON p.id = c.pattern_id
    WHERE c.start >= %(start)s AND c.start < %(end)s
    GROUP BY c.span, c.start, p.service
    UNION ALL
    SELECT span, start, service, -CAST(debug AS SIGNED), -CAST(info AS SIGNED),
           -CAST(warn AS SIGNED), -CAST(error AS SIGNED), -CAST(critical AS SIGNED),
           -CAST(fatal AS SIGNED)
    FROM service_totals
    WHERE start >= %(start)s AND start < %(end)s
) AS sums
GROUP BY span, start, service
HAVING GREATEST(SUM(debug), SUM(info), SUM(warn), SUM(error), SUM(critical), SUM(fatal)) > 0
ON DUPLICATE KEY UPDATE
    debug = service_totals.debug + VALUES(debug),
    info = service_totals.info + VALUES(info),
    warn = service_totals.warn + VALUES(warn),
    error = service_totals.error + VALUES(error),
    critical = service_totals.critical + VALUES(critical),
    fatal = service_totals.fatal + VALUES(fatal);
