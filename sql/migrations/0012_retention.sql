-- What retention drops whole lies in days: counts and metric points as events do. Every
-- unique key holds the partitioning column, and a point's uid is made of its time, so what was
-- unique stays so. All rows lie in the last partition until their days are cut out of it.

ALTER TABLE log_counts
PARTITION BY RANGE COLUMNS (start) (
    PARTITION p_past VALUES LESS THAN ('1970-01-02'),
    PARTITION p_future VALUES LESS THAN (MAXVALUE)
);

ALTER TABLE metric_events
    DROP PRIMARY KEY, ADD PRIMARY KEY (id, timestamp),
    DROP KEY by_uid, ADD UNIQUE KEY by_uid (point_uid, timestamp),
    DROP KEY by_name, ADD KEY by_name (name, timestamp, id)
PARTITION BY RANGE COLUMNS (timestamp) (
    PARTITION p_past VALUES LESS THAN ('1970-01-02'),
    PARTITION p_future VALUES LESS THAN (MAXVALUE)
);

-- One row: what retention has dropped, and the last run of the upkeep.
CREATE TABLE IF NOT EXISTS upkeep (
    id         TINYINT      NOT NULL PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    kept_since DATETIME     COMMENT 'UTC, older rows were dropped',
    kept_rule  VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'the retention that dropped them',
    ran_at     DATETIME(6),
    ran_on     VARCHAR(255) NOT NULL DEFAULT '',
    did        TEXT         NOT NULL DEFAULT '' COMMENT 'in words',
    error      TEXT
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;

INSERT IGNORE INTO upkeep (id) VALUES (1);
