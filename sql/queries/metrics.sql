-- name: find_points
-- The newest points of a metric.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT timestamp, value, unit, service, host, labels
FROM metric_events
WHERE name = %(name)s
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND service IN %(services)s -- ? services
  AND host = %(host)s -- ? host
  AND JSON_CONTAINS(labels, %(labels)s) -- ? labels
ORDER BY timestamp DESC, id DESC
LIMIT %(limit)s

-- name: bucket_points
-- One row an interval that has points, newest first; intervals start at multiples since 1970.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT TIMESTAMP'1970-01-01 00:00:00' + INTERVAL
           (TIMESTAMPDIFF(SECOND, '1970-01-01', timestamp) DIV %(width)s * %(width)s) SECOND AS bucket,
       AVG(value) -- ? avg
       MIN(value) -- ? min
       MAX(value) -- ? max
       SUM(value) -- ? sum
       COUNT(value) -- ? count
       CAST(SUBSTRING_INDEX(GROUP_CONCAT(value ORDER BY timestamp DESC, id DESC), ',', 1) AS DOUBLE) -- ? last
       AS value, COUNT(*) AS points, MAX(unit) AS unit
FROM metric_events
WHERE name = %(name)s
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND service IN %(services)s -- ? services
  AND host = %(host)s -- ? host
  AND JSON_CONTAINS(labels, %(labels)s) -- ? labels
GROUP BY bucket
ORDER BY bucket DESC
LIMIT %(limit)s
