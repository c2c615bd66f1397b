-- name: count_patterns_of
-- How many patterns a service has.
SELECT COUNT(*) FROM log_patterns WHERE service = %(service)s

-- name: guards_of
-- The levels of a service's guard above those already known.
SELECT patterns, learned
FROM log_pattern_guards
WHERE service = %(service)s AND level > %(known)s
ORDER BY level

-- name: patterns_to_learn
-- The latest patterns of a service with their first times.
SELECT text, first_seen
FROM log_patterns
WHERE service = %(service)s
ORDER BY id DESC
LIMIT %(limit)s

-- name: add_guard
-- Tighten a service's guard; of several processes that do it at once the first one does.
INSERT IGNORE INTO log_pattern_guards (service, level, since, patterns, learned)
VALUES (%(service)s, %(level)s, %(since)s, %(patterns)s, %(learned)s)
RETURNING level

-- name: guarded_services
-- Services whose guard is on, and since when.
SELECT service, MIN(since) FROM log_pattern_guards GROUP BY service ORDER BY service
