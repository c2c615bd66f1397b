-- name: count_stats
-- Counts by column and interval: whole spans from counts or totals, cut minutes from rows; `less_` is taken away. Names by their bytes first, which is cheaper.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT p.service, -- ? by_service
SELECT part.name, -- ? by_part
SELECT part.name COLLATE utf8mb4_uca1400_as_ci, -- ? by_text
    part.bucket, SUM(part.n)
FROM (
    SELECT
        r.pattern_id, -- ? joined
        NULL AS name, -- ? by_service
        r.service COLLATE utf8mb4_bin AS name, -- ? by_row_service
        r.host COLLATE utf8mb4_bin AS name, -- ? by_host
        CAST(r.level AS CHAR) AS name, -- ? by_level
        l.level AS name, -- ? by_each_level
        r.pattern_id AS name, -- ? by_pattern
        NULL AS name, -- ? by_nothing
        TIMESTAMP'1970-01-01 00:00:00' + INTERVAL (TIMESTAMPDIFF(SECOND, '1970-01-01', r.start) DIV %(width)s * %(width)s) SECOND AS bucket, -- ? width
        NULL AS bucket, -- ? one_bucket
        SUM(IF(
            FALSE
            OR (r.span = 'hour' AND r.start >= %(less_hour_1_start)s AND r.start < %(less_hour_1_end)s) -- ? less_hour_1_start
            OR (r.span = 'hour' AND r.start >= %(less_hour_2_start)s AND r.start < %(less_hour_2_end)s) -- ? less_hour_2_start
            OR (r.span = 'minute' AND r.start >= %(less_minute_1_start)s AND r.start < %(less_minute_1_end)s) -- ? less_minute_1_start
            OR (r.span = 'minute' AND r.start >= %(less_minute_2_start)s AND r.start < %(less_minute_2_end)s) -- ? less_minute_2_start
            , -1, 1)
            * CAST(r.count AS SIGNED) -- ? counts
            * CAST(%(totals)s AS SIGNED) -- ? totals
            ) AS n
    FROM log_counts AS r -- ? counts
    FROM service_totals AS r -- ? totals
    JOIN (SELECT 1 AS number, 'DEBUG' AS level UNION SELECT 2, 'INFO' UNION SELECT 3, 'WARN' UNION SELECT 4, 'ERROR' UNION SELECT 5, 'CRITICAL' UNION SELECT 6, 'FATAL') AS l -- ? by_each_level
    WHERE (
        FALSE
        OR (r.span = 'day' AND r.start >= %(day_1_start)s AND r.start < %(day_1_end)s) -- ? day_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_1_start)s AND r.start < %(hour_1_end)s) -- ? hour_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_2_start)s AND r.start < %(hour_2_end)s) -- ? hour_2_start
        OR (r.span = 'minute' AND r.start >= %(minute_1_start)s AND r.start < %(minute_1_end)s) -- ? minute_1_start
        OR (r.span = 'minute' AND r.start >= %(minute_2_start)s AND r.start < %(minute_2_end)s) -- ? minute_2_start
        OR (r.span = 'hour' AND r.start >= %(less_hour_1_start)s AND r.start < %(less_hour_1_end)s) -- ? less_hour_1_start
        OR (r.span = 'hour' AND r.start >= %(less_hour_2_start)s AND r.start < %(less_hour_2_end)s) -- ? less_hour_2_start
        OR (r.span = 'minute' AND r.start >= %(less_minute_1_start)s AND r.start < %(less_minute_1_end)s) -- ? less_minute_1_start
        OR (r.span = 'minute' AND r.start >= %(less_minute_2_start)s AND r.start < %(less_minute_2_end)s) -- ? less_minute_2_start
      )
      AND r.pattern_id IN %(patterns)s -- ? patterns
      AND r.service IN %(row_services)s -- ? row_services
      AND r.host = %(host)s -- ? host
      AND r.level IN %(row_levels)s -- ? row_levels
      AND l.level IN %(each_levels)s -- ? each_levels
    GROUP BY 1, 2
        , 3 -- ? joined
    UNION ALL
    SELECT
        e.pattern_id, -- ? joined
        NULL, -- ? by_service
        e.service COLLATE utf8mb4_bin, -- ? by_row_service
        e.host COLLATE utf8mb4_bin, -- ? by_host
        CAST(e.level AS CHAR), -- ? by_level
        CAST(e.level AS CHAR), -- ? by_each_level
        e.pattern_id, -- ? by_pattern
        NULL, -- ? by_nothing
        TIMESTAMP'1970-01-01 00:00:00' + INTERVAL (TIMESTAMPDIFF(SECOND, '1970-01-01', e.timestamp) DIV %(width)s * %(width)s) SECOND, -- ? width
        NULL, -- ? one_bucket
        SUM(IF(
            FALSE
            OR (e.timestamp >= %(less_rows_1_start)s AND e.timestamp < %(less_rows_1_end)s) -- ? less_rows_1_start
            OR (e.timestamp >= %(less_rows_2_start)s AND e.timestamp < %(less_rows_2_end)s) -- ? less_rows_2_start
            , -1, 1))
    FROM log_events AS e
    WHERE (
        FALSE
        OR (e.timestamp >= %(rows_1_start)s AND e.timestamp < %(rows_1_end)s) -- ? rows_1_start
        OR (e.timestamp >= %(rows_2_start)s AND e.timestamp < %(rows_2_end)s) -- ? rows_2_start
        OR (e.timestamp >= %(less_rows_1_start)s AND e.timestamp < %(less_rows_1_end)s) -- ? less_rows_1_start
        OR (e.timestamp >= %(less_rows_2_start)s AND e.timestamp < %(less_rows_2_end)s) -- ? less_rows_2_start
      )
      AND e.pattern_id IN %(patterns)s -- ? patterns
      AND e.service IN %(row_services)s -- ? row_services
      AND e.host = %(host)s -- ? host
      AND e.level IN %(levels)s -- ? levels
    GROUP BY 1, 2
        , 3 -- ? joined
) AS part
JOIN log_patterns AS p ON p.id = part.pattern_id -- ? joined
WHERE 1 = 1
  AND p.service IN %(services)s -- ? services
GROUP BY 1, 2
HAVING SUM(part.n) > 0
ORDER BY 2 DESC, 3 DESC, 1
LIMIT %(limit)s

-- name: row_stats
-- The same by any column, from the rows themselves.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT service, -- ? by_service
SELECT host, -- ? by_host
SELECT CAST(level AS CHAR), -- ? by_level
SELECT pattern_id, -- ? by_pattern
SELECT source, -- ? by_source
SELECT event_type, -- ? by_event_type
SELECT error_code, -- ? by_error_code
SELECT NULL, -- ? by_nothing
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL (TIMESTAMPDIFF(SECOND, '1970-01-01', timestamp) DIV %(width)s * %(width)s) SECOND, -- ? width
    NULL, -- ? one_bucket
    COUNT(*)
FROM log_events
WHERE 1 = 1
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND service IN %(services)s -- ? services
  AND host = %(host)s -- ? host
  AND source = %(source)s -- ? source
  AND level IN %(levels)s -- ? levels
  AND MATCH (message) AGAINST (%(words)s IN BOOLEAN MODE) -- ? words
  AND message LIKE %(contains)s -- ? contains
  AND trace_id = %(trace_id)s -- ? trace_id
  AND error_code = %(error_code)s -- ? error_code
  AND event_type = %(event_type)s -- ? event_type
GROUP BY 1, 2
ORDER BY 2 DESC, 3 DESC, 1
LIMIT %(limit)s

-- name: patterns_of_services
-- The ids of the patterns of services, up to a number.
SELECT id FROM log_patterns WHERE service IN %(services)s LIMIT %(limit)s

-- name: patterns_of_levels
-- The ids of the patterns with events of levels on the days of a range, up to a number.
SELECT DISTINCT pattern_id
FROM log_counts
WHERE span = 'day' AND start >= %(start)s
  AND start < %(end)s -- ? end
  AND level IN %(levels)s
  AND host = %(host)s -- ? host
LIMIT %(limit)s

-- name: patterns_new_since
-- The ids of the patterns whose first event ever is not before a moment, up to a number.
SELECT id
FROM log_patterns
WHERE first_seen >= %(moment)s AND count > 0
  AND service IN %(services)s -- ? services
LIMIT %(limit)s

-- name: patterns_by_id
-- Service, text, first and last time of patterns.
SELECT id, service, text, first_seen, last_seen FROM log_patterns WHERE id IN %(patterns)s
