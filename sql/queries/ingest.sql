-- name: add_events
-- Store a batch of new events; fails when one of them is stored already.
INSERT INTO log_events
    (timestamp, source, service, host, level, trace_id, span_id, event_type, error_code,
     message, meta_json, event_uid, pattern_id)
VALUES %(rows)s;

-- name: add_new_events
-- Store what is new of a batch; what comes back names the rows really inserted.
INSERT IGNORE INTO log_events
    (timestamp, source, service, host, level, trace_id, span_id, event_type, error_code,
     message, meta_json, event_uid, pattern_id)
VALUES %(rows)s
RETURNING event_uid, timestamp;

-- name: add_undated
-- Remember uids that came without a time; what comes back are those not heard of before.
INSERT IGNORE INTO undated_events (event_uid, arrived_at) VALUES %(rows)s RETURNING event_uid;

-- name: show_warnings
-- What INSERT IGNORE passed over, and why.
SHOW WARNINGS;

-- name: find_pattern_ids
-- The ids of patterns by their hashes.
SELECT hash, id FROM log_patterns WHERE hash IN %(hashes)s;

-- name: add_patterns
-- Make patterns known; those that exist stay as they are.
INSERT IGNORE INTO log_patterns (hash, service, text, masks, first_seen) VALUES %(rows)s;

-- name: count_patterns
-- Add a batch to the patterns' totals; fails with error 1048 when a hash has another id by now.
INSERT INTO log_patterns (id, hash, service, text, masks, first_seen, last_seen, count)
VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    count = IF(id = VALUES(id), count + VALUES(count), NULL),
    first_seen = LEAST(first_seen, VALUES(first_seen)),
    last_seen = GREATEST(last_seen, VALUES(last_seen));

-- name: add_counts
-- Add a batch to the counts by minute, hour and day, by pattern, host and level.
INSERT INTO log_counts (span, start, pattern_id, host, level, count, first_at, last_at)
VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    count = count + VALUES(count),
    first_at = LEAST(first_at, VALUES(first_at)),
    last_at = GREATEST(last_at, VALUES(last_at));

-- name: add_totals
-- Add a batch to the counts by minute, hour and day, by service and level.
INSERT INTO service_totals
    (span, start, service, debug, info, warn, error, critical, fatal)
VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    debug = debug + VALUES(debug),
    info = info + VALUES(info),
    warn = warn + VALUES(warn),
    error = error + VALUES(error),
    critical = critical + VALUES(critical),
    fatal = fatal + VALUES(fatal);

-- name: touch_hosts
-- Remember when each host was last heard.
INSERT INTO log_hosts (host, last_event, last_arrival) VALUES %(rows)s
ON DUPLICATE KEY UPDATE
    last_event = GREATEST(last_event, VALUES(last_event)),
    last_arrival = GREATEST(last_arrival, VALUES(last_arrival));

-- name: add_points
-- Store metric points; the uids that come back are those of rows really inserted.
INSERT IGNORE INTO metric_events
    (timestamp, name, value, unit, service, host, labels, point_uid)
VALUES %(rows)s
RETURNING point_uid;

-- name: put_shipper
-- A shipper's latest word on itself.
INSERT INTO shippers
    (host, source, heard_at, position, lag_seconds, hours_left, sent, retried, dead)
VALUES (%(host)s, %(source)s, %(heard_at)s, %(position)s, %(lag_seconds)s, %(hours_left)s,
        %(sent)s, %(retried)s, %(dead)s)
ON DUPLICATE KEY UPDATE
    heard_at = VALUES(heard_at), position = VALUES(position),
    lag_seconds = VALUES(lag_seconds), hours_left = VALUES(hours_left),
    sent = VALUES(sent), retried = VALUES(retried), dead = VALUES(dead);

-- name: add_gaps
-- Gaps as shippers report them; reported twice, kept once.
INSERT INTO log_gaps (host, source, start_at, end_at, missing) VALUES %(rows)s
ON DUPLICATE KEY UPDATE missing = VALUES(missing);
