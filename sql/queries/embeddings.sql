-- name: patterns_to_embed
-- Patterns that have no vector of this model yet, oldest first.
SELECT p.id, p.service, p.text
FROM log_patterns AS p
LEFT JOIN %(table)s AS e ON e.model = %(model)s AND e.pattern_id = p.id
WHERE e.pattern_id IS NULL
ORDER BY p.id
LIMIT %(limit)s

-- name: count_to_embed
-- How many patterns wait for a vector of this model, and for how many seconds the oldest.
SELECT
    COUNT(*),
    TIMESTAMPDIFF(
        MICROSECOND,
        GREATEST(MIN(p.added_at), COALESCE(MAX(m.added_at), MIN(p.added_at))),
        UTC_TIMESTAMP(6)
    ) / 1e6
FROM log_patterns AS p
LEFT JOIN %(table)s AS e ON e.model = %(model)s AND e.pattern_id = p.id
LEFT JOIN embedding_models AS m ON m.model = %(model)s
WHERE e.pattern_id IS NULL

-- name: put_embeddings
-- Vectors of patterns, as little-endian float32; a vector of the same model is replaced.
REPLACE INTO %(table)s (pattern_id, model, embedding) VALUES %(rows)s;

-- name: pattern_ids_after
-- The ids of patterns after an id.
SELECT id FROM log_patterns WHERE id > %(after)s ORDER BY id

-- name: load_patterns
-- Patterns by their ids.
SELECT id, service, text FROM log_patterns WHERE id IN %(patterns)s ORDER BY id

-- name: load_vectors
-- The vectors of given patterns.
SELECT pattern_id, embedding FROM %(table)s
WHERE model = %(model)s AND pattern_id IN %(patterns)s

-- name: embedding_width
-- The declared type of the first table's vectors, such as vector(384).
SELECT COLUMN_TYPE FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_embeddings' AND COLUMN_NAME = 'embedding'

-- name: embedding_models
-- The models that have vectors, the latest in use first.
SELECT model, width, complete_at IS NOT NULL FROM embedding_models ORDER BY wanted_at DESC, model

-- name: want_model
-- A process works with a model; a model that is new to the store is not complete.
INSERT INTO embedding_models (model, width, added_at, wanted_at)
VALUES (%(model)s, %(width)s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE wanted_at = UTC_TIMESTAMP(6);

-- name: touch_model
-- A process still works with a model.
UPDATE embedding_models SET wanted_at = UTC_TIMESTAMP(6) WHERE model = %(model)s;

-- name: model_is_complete
-- Every pattern has had a vector of this model; later ones get theirs as they come.
UPDATE embedding_models SET complete_at = UTC_TIMESTAMP(6)
WHERE model = %(model)s AND complete_at IS NULL;

-- name: unwanted_models
-- Models that no process has worked with for some seconds, all but one.
SELECT model FROM embedding_models
WHERE model <> %(model)s AND wanted_at < UTC_TIMESTAMP(6) - INTERVAL %(seconds)s SECOND;

-- name: forget_model
-- The model is no more.
DELETE FROM embedding_models WHERE model = %(model)s;

-- name: forget_model_vectors
-- Forget vectors of a model, a bounded number; they are derived and can be made again.
DELETE FROM %(table)s WHERE model = %(model)s LIMIT %(limit)s;

-- name: create_embeddings
-- A table for vectors of another width.
CREATE TABLE IF NOT EXISTS %(table)s (
    pattern_id BIGINT UNSIGNED NOT NULL,
    model      VARCHAR(255)    NOT NULL,
    embedding  VECTOR(%(width)s) NOT NULL,
    PRIMARY KEY (model, pattern_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- name: embedding_tables
-- Every table of vectors.
SELECT TABLE_NAME FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME REGEXP '^log_embeddings(_[0-9]+)?$'
