-- Vectors of several models side by side: those of a new model are made while the old ones serve.
-- A model as wide as log_embeddings has its vectors there, another in log_embeddings_WIDTH.

CREATE TABLE IF NOT EXISTS embedding_models (
    model       VARCHAR(255)      NOT NULL,
    width       SMALLINT UNSIGNED NOT NULL,
    added_at    DATETIME(6)       NOT NULL COMMENT 'UTC',
    wanted_at   DATETIME(6)       NOT NULL COMMENT 'UTC, when a process last worked with it',
    complete_at DATETIME(6)       COMMENT 'UTC, when all patterns first had their vector',
    PRIMARY KEY (model)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

ALTER TABLE log_embeddings
    DROP PRIMARY KEY, ADD PRIMARY KEY (model, pattern_id), DROP KEY IF EXISTS by_model;

-- There was one model at a time, so it has served.
INSERT IGNORE INTO embedding_models
SELECT model, LENGTH(MIN(embedding)) DIV 4, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)
FROM log_embeddings
GROUP BY model;

-- Since when a pattern may wait for its vector; its first event may be years older.
ALTER TABLE log_patterns
    ADD COLUMN IF NOT EXISTS added_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
    COMMENT 'UTC';
