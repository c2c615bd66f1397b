-- The counts by minute have moved to log_counts.

DROP TABLE IF EXISTS log_rollup;
