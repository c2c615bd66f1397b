-- One vector a pattern, of one model at a time; a model of another width rebuilds the table.

CREATE TABLE IF NOT EXISTS log_embeddings (
    pattern_id BIGINT UNSIGNED NOT NULL,
    model      VARCHAR(255)    NOT NULL,
    embedding  VECTOR(384)     NOT NULL,
    PRIMARY KEY (pattern_id),
    KEY by_model (model)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
