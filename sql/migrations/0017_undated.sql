-- Uids of events that came without a time: sent again they come with another, and of two deliveries at once the second waits here for the first.
CREATE TABLE IF NOT EXISTS undated_events (
    event_uid  BINARY(16)  NOT NULL PRIMARY KEY,
    arrived_at DATETIME(6) NOT NULL COMMENT 'UTC',
    KEY by_arrival (arrived_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What was under way when the servers were stopped for this is sent again: the last hour's may be.
SET @stopped = (SELECT MAX(last_arrival) FROM log_hosts);

INSERT IGNORE INTO undated_events (event_uid, arrived_at)
SELECT event_uid, timestamp FROM log_events
WHERE timestamp >= @stopped - INTERVAL 1 HOUR AND timestamp <= @stopped;

-- "New" looks for patterns by their first time.
ALTER TABLE log_patterns ADD KEY IF NOT EXISTS by_first_seen (first_seen);

-- An event dated ahead does not show that its host will be well until then.
UPDATE log_hosts SET last_event = LEAST(last_event, last_arrival);
