-- name: find_events
-- A page of events in order of time; `after_*` is the keyset position, in the form that seeks.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT id, timestamp, level, host, service, source, message, trace_id, span_id, event_type,
       error_code, meta_json, pattern_id
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
  AND timestamp <= %(before_time)s AND (timestamp < %(before_time)s OR id < %(before_id)s) -- ? before_id
  AND timestamp >= %(after_time)s AND (timestamp > %(after_time)s OR id > %(after_id)s) -- ? after_id
ORDER BY timestamp DESC, id DESC -- ? newest
ORDER BY timestamp ASC, id ASC -- ? oldest
LIMIT %(limit)s
OFFSET %(offset)s -- ? offset

-- name: count_rows
-- How many events match, by the rows themselves.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT COUNT(*)
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

-- name: pattern_counts
-- Every pattern in a filter with its count: whole spans from the counts, cut minutes from rows.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT p.id, p.service, p.text, SUM(part.n), MIN(part.first_at), MAX(part.last_at)
FROM (
    SELECT r.pattern_id, SUM(r.count) AS n, MIN(r.first_at) AS first_at, MAX(r.last_at) AS last_at
    FROM log_counts AS r
    WHERE (
        FALSE
        OR (r.span = 'day' AND r.start >= %(day_1_start)s AND r.start < %(day_1_end)s) -- ? day_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_1_start)s AND r.start < %(hour_1_end)s) -- ? hour_1_start
        OR (r.span = 'hour' AND r.start >= %(hour_2_start)s AND r.start < %(hour_2_end)s) -- ? hour_2_start
        OR (r.span = 'minute' AND r.start >= %(minute_1_start)s AND r.start < %(minute_1_end)s) -- ? minute_1_start
        OR (r.span = 'minute' AND r.start >= %(minute_2_start)s AND r.start < %(minute_2_end)s) -- ? minute_2_start
      )
      AND r.pattern_id IN %(patterns)s -- ? patterns
      AND r.host = %(host)s -- ? host
      AND r.level IN %(levels)s -- ? levels
    GROUP BY r.pattern_id
    UNION ALL
    SELECT e.pattern_id, COUNT(*), MIN(e.timestamp), MAX(e.timestamp)
    FROM log_events AS e
    WHERE (
        FALSE
        OR (e.timestamp >= %(rows_1_start)s AND e.timestamp < %(rows_1_end)s) -- ? rows_1_start
        OR (e.timestamp >= %(rows_2_start)s AND e.timestamp < %(rows_2_end)s) -- ? rows_2_start
      )
      AND e.pattern_id IN %(patterns)s -- ? patterns
      AND e.host = %(host)s -- ? host
      AND e.level IN %(levels)s -- ? levels
    GROUP BY e.pattern_id
) AS part
JOIN log_patterns AS p ON p.id = part.pattern_id
WHERE 1 = 1
  AND p.first_seen >= %(new_since)s -- ? new_since
  AND p.service IN %(services)s -- ? services
GROUP BY p.id

-- name: pattern_hosts
-- On which hosts patterns occur in a filter. Whole minutes: a name more is harmless here.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT DISTINCT pattern_id, host
FROM log_counts
WHERE pattern_id IN %(patterns)s
  AND (
    FALSE
    OR (span = 'day' AND start >= %(day_1_start)s AND start < %(day_1_end)s) -- ? day_1_start
    OR (span = 'hour' AND start >= %(hour_1_start)s AND start < %(hour_1_end)s) -- ? hour_1_start
    OR (span = 'hour' AND start >= %(hour_2_start)s AND start < %(hour_2_end)s) -- ? hour_2_start
    OR (span = 'minute' AND start >= %(minute_1_start)s AND start < %(minute_1_end)s) -- ? minute_1_start
    OR (span = 'minute' AND start >= %(minute_2_start)s AND start < %(minute_2_end)s) -- ? minute_2_start
  )
  AND last_at >= %(start)s -- ? start
  AND first_at < %(end)s -- ? end
  AND host = %(host)s -- ? host
  AND level IN %(levels)s -- ? levels

-- name: newest_of_pattern
-- The newest events of one pattern in a filter.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT id, timestamp, level, host, service, source, message, trace_id, span_id, event_type,
       error_code, meta_json, pattern_id
FROM log_events
WHERE pattern_id = %(pattern)s
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND host = %(host)s -- ? host
  AND level IN %(levels)s -- ? levels
ORDER BY timestamp DESC, id DESC
LIMIT %(limit)s

-- name: coverage_hosts
-- When each host was last heard, what its shipper last said, and how many hosts there are.
SELECT h.host, h.last_event, s.heard_at, s.lag_seconds, COUNT(*) OVER ()
FROM (
    SELECT host, last_event FROM log_hosts
    UNION ALL
    SELECT host, NULL FROM shippers WHERE host NOT IN (SELECT host FROM log_hosts)
) AS h
LEFT JOIN (
    SELECT host, MAX(heard_at) AS heard_at, MAX(lag_seconds) AS lag_seconds
    FROM shippers GROUP BY host
) AS s ON s.host = h.host
WHERE 1 = 1
  AND h.host = %(host)s -- ? host
ORDER BY h.last_event DESC
LIMIT %(limit)s

-- name: coverage_gaps
-- Known gaps that touch a range, how many there are, and what is missing in all of them.
SELECT host, source, start_at, end_at, missing, COUNT(*) OVER (), SUM(missing) OVER ()
FROM log_gaps
WHERE 1 = 1
  AND end_at >= %(start)s -- ? start
  AND start_at < %(end)s -- ? end
  AND host = %(host)s -- ? host
ORDER BY end_at DESC
LIMIT %(limit)s

-- name: service_names
-- Every service that has a pattern.
SELECT service FROM log_patterns WHERE count > 0 GROUP BY service ORDER BY service

-- name: host_names
-- Every host that has sent an event.
SELECT host FROM log_hosts ORDER BY host

-- name: metric_names
-- Every metric that has a point.
SELECT name FROM metric_events GROUP BY name ORDER BY name

-- name: event_by_id
-- One event.
SELECT id, timestamp, level, host, service, source, message, trace_id, span_id, event_type,
       error_code, meta_json, pattern_id
FROM log_events WHERE id = %(id)s
