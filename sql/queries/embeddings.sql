-- name: patterns_to_embed
-- Patterns that have no vector of this model yet, oldest first.
SELECT p.id, p.service, p.text
FROM log_patterns AS p
LEFT JOIN log_embeddings AS e ON e.pattern_id = p.id AND e.model = %(model)s
WHERE e.pattern_id IS NULL
ORDER BY p.id
LIMIT %(limit)s

-- name: count_to_embed
-- How many patterns wait for a vector of this model.
SELECT COUNT(*)
FROM log_patterns AS p
LEFT JOIN log_embeddings AS e ON e.pattern_id = p.id AND e.model = %(model)s
WHERE e.pattern_id IS NULL

-- name: put_embeddings
-- Vectors of patterns, as little-endian float32; a vector of another model is replaced.
REPLACE INTO log_embeddings (pattern_id, model, embedding) VALUES %(rows)s;

-- name: load_patterns
-- Patterns after an id with their vectors of this model, where they have one.
SELECT p.id, p.service, p.text, e.embedding
FROM log_patterns AS p
LEFT JOIN log_embeddings AS e ON e.pattern_id = p.id AND e.model = %(model)s
WHERE p.id > %(after)s
ORDER BY p.id
LIMIT %(limit)s

-- name: load_vectors
-- The vectors of given patterns.
SELECT pattern_id, embedding FROM log_embeddings
WHERE model = %(model)s AND pattern_id IN %(patterns)s

-- name: embedding_width
-- The declared type of the vector column, such as vector(384).
SELECT COLUMN_TYPE FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_embeddings' AND COLUMN_NAME = 'embedding'

-- name: clear_embeddings
-- Forget all vectors; they are derived and will be made again.
TRUNCATE TABLE log_embeddings

-- name: widen_embeddings
-- Make the vector column as wide as the model's output.
ALTER TABLE log_embeddings MODIFY embedding VECTOR(%(width)s) NOT NULL
