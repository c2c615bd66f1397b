-- name: export_events
-- A stretch of events in order of time, through a key in that order: never sorted.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT id, REPLACE(CONCAT(timestamp, 'Z'), ' ', 'T'), CAST(level AS CHAR), service,
       host, source, message, trace_id, span_id, event_type, error_code, meta_json,
       LOWER(HEX(event_uid))
FROM log_events
FORCE INDEX (by_time) -- ? by_time
FORCE INDEX (by_service) -- ? by_service
FORCE INDEX (by_host) -- ? by_host
WHERE 1 = 1
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND service IN %(services)s -- ? services
  AND host = %(host)s -- ? host
  AND source = %(source)s -- ? source
  AND level IN %(levels)s -- ? levels
  AND message LIKE %(contains)s -- ? contains
  AND trace_id = %(trace_id)s -- ? trace_id
  AND error_code = %(error_code)s -- ? error_code
  AND event_type = %(event_type)s -- ? event_type
  AND timestamp >= %(after_time)s AND (timestamp > %(after_time)s OR id > %(after_id)s) -- ? after_id
ORDER BY timestamp, id
LIMIT %(limit)s

-- name: export_points
-- A stretch of metric points in the order in which they came.
SET STATEMENT max_statement_time = %(seconds)s FOR
SELECT id, REPLACE(CONCAT(timestamp, 'Z'), ' ', 'T'), name, value, unit, service,
       host, labels
FROM metric_events FORCE INDEX (PRIMARY)
WHERE 1 = 1
  AND timestamp >= %(start)s -- ? start
  AND timestamp < %(end)s -- ? end
  AND service IN %(services)s -- ? services
  AND host = %(host)s -- ? host
  AND id > %(after_id)s -- ? after_id
ORDER BY id
LIMIT %(limit)s

-- name: export_patterns
-- A stretch of the patterns that occurred, with their first and last time ever.
SELECT id, service, text, REPLACE(CONCAT(first_seen, 'Z'), ' ', 'T'),
       REPLACE(CONCAT(last_seen, 'Z'), ' ', 'T')
FROM log_patterns
WHERE count > 0
  AND service IN %(services)s -- ? services
  AND id > %(after_id)s -- ? after_id
ORDER BY id
LIMIT %(limit)s

-- name: export_hosts
-- When each host was last heard.
SELECT host, REPLACE(CONCAT(last_event, 'Z'), ' ', 'T')
FROM log_hosts
WHERE 1 = 1
  AND host = %(host)s -- ? host
ORDER BY host

-- name: export_shippers
-- Each shipper's latest word on itself.
SELECT host, source, REPLACE(CONCAT(heard_at, 'Z'), ' ', 'T'),
       REPLACE(CONCAT(position, 'Z'), ' ', 'T'), lag_seconds, hours_left, sent,
       retried, dead
FROM shippers
WHERE 1 = 1
  AND host = %(host)s -- ? host
ORDER BY host, source

-- name: export_gaps
-- The known gaps that touch a range.
SELECT host, source, REPLACE(CONCAT(start_at, 'Z'), ' ', 'T'),
       REPLACE(CONCAT(end_at, 'Z'), ' ', 'T'), missing
FROM log_gaps
WHERE 1 = 1
  AND end_at >= %(start)s -- ? start
  AND start_at < %(end)s -- ? end
  AND host = %(host)s -- ? host
ORDER BY host, source, start_at, end_at

-- name: merge_patterns
-- Patterns known elsewhere: their first and last time count here too, their events do not.
INSERT INTO log_patterns (id, hash, masks, service, text, first_seen, last_seen) VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    first_seen = LEAST(first_seen, VALUES(first_seen)),
    last_seen = GREATEST(last_seen, VALUES(last_seen));

-- name: merge_shippers
-- Shippers' words on themselves, where they are newer than what is known.
INSERT INTO shippers
    (host, source, heard_at, position, lag_seconds, hours_left, sent, retried, dead)
VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    position = IF(VALUES(heard_at) > heard_at, VALUES(position), position),
    lag_seconds = IF(VALUES(heard_at) > heard_at, VALUES(lag_seconds), lag_seconds),
    hours_left = IF(VALUES(heard_at) > heard_at, VALUES(hours_left), hours_left),
    sent = IF(VALUES(heard_at) > heard_at, VALUES(sent), sent),
    retried = IF(VALUES(heard_at) > heard_at, VALUES(retried), retried),
    dead = IF(VALUES(heard_at) > heard_at, VALUES(dead), dead),
    heard_at = GREATEST(heard_at, VALUES(heard_at));

-- name: import_line
-- Up to which line an export has been imported.
SELECT line FROM log_imports WHERE export_id = %(export_id)s

-- name: put_import_line
-- Remember up to which line an export has been imported.
INSERT INTO log_imports (export_id, line, updated_at)
VALUES (%(export_id)s, %(line)s, UTC_TIMESTAMP())
ON DUPLICATE KEY UPDATE line = VALUES(line), updated_at = VALUES(updated_at);

-- name: forget_import
-- An import is complete: the next of the same export begins anew.
DELETE FROM log_imports WHERE export_id = %(export_id)s
