-- name: pattern_activity
-- When one pattern occurred: whole spans from the counts, cut minutes from rows.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT MIN(r.first_at), MAX(r.last_at), SUM(r.count)
FROM log_counts AS r
WHERE r.pattern_id = %(pattern)s
  AND (
    FALSE
    OR (r.span = 'day' AND r.start >= %(day_1_start)s AND r.start < %(day_1_end)s) -- ? day_1_start
    OR (r.span = 'hour' AND r.start >= %(hour_1_start)s AND r.start < %(hour_1_end)s) -- ? hour_1_start
    OR (r.span = 'hour' AND r.start >= %(hour_2_start)s AND r.start < %(hour_2_end)s) -- ? hour_2_start
    OR (r.span = 'minute' AND r.start >= %(minute_1_start)s AND r.start < %(minute_1_end)s) -- ? minute_1_start
    OR (r.span = 'minute' AND r.start >= %(minute_2_start)s AND r.start < %(minute_2_end)s) -- ? minute_2_start
  )
  AND r.host = %(host)s -- ? host
  AND r.level IN %(levels)s -- ? levels
GROUP BY r.span, r.start
UNION ALL
SELECT MIN(e.timestamp), MAX(e.timestamp), COUNT(*)
FROM log_events AS e
WHERE e.pattern_id = %(pattern)s
  AND (
    FALSE
    OR (e.timestamp >= %(rows_1_start)s AND e.timestamp < %(rows_1_end)s) -- ? rows_1_start
    OR (e.timestamp >= %(rows_2_start)s AND e.timestamp < %(rows_2_end)s) -- ? rows_2_start
  )
  AND e.host = %(host)s -- ? host
  AND e.level IN %(levels)s -- ? levels
GROUP BY e.timestamp >= %(end_minute)s
ORDER BY 1

-- name: counts_on_hosts
-- How often each pattern occurred on some hosts: whole spans from the counts, cut minutes from rows.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT part.pattern_id, MIN(part.first_at), MAX(part.last_at), SUM(part.n)
FROM (
    SELECT r.pattern_id, MIN(r.first_at) AS first_at, MAX(r.last_at) AS last_at, SUM(r.count) AS n
    FROM log_counts AS r
    WHERE (
        FALSE
        OR (r.span = 'day' AND r.start >= %(day_1_start)s AND r.start < %(day_1_end)s) -- ? day_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_1_start)s AND r.start < %(hour_1_end)s) -- ? hour_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_2_start)s AND r.start < %(hour_2_end)s) -- ? hour_2_start
        OR (r.span = 'minute' AND r.start >= %(minute_1_start)s AND r.start < %(minute_1_end)s) -- ? minute_1_start
        OR (r.span = 'minute' AND r.start >= %(minute_2_start)s AND r.start < %(minute_2_end)s) -- ? minute_2_start
      )
      AND r.host IN %(hosts)s
    GROUP BY r.pattern_id
    UNION ALL
    SELECT e.pattern_id, MIN(e.timestamp), MAX(e.timestamp), COUNT(*)
    FROM log_events AS e
    WHERE (
        FALSE
        OR (e.timestamp >= %(rows_1_start)s AND e.timestamp < %(rows_1_end)s) -- ? rows_1_start
        OR (e.timestamp >= %(rows_2_start)s AND e.timestamp < %(rows_2_end)s) -- ? rows_2_start
      )
      AND e.host IN %(hosts)s
    GROUP BY e.pattern_id
) AS part
GROUP BY part.pattern_id
