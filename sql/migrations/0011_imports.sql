-- How far imports have come that are not complete yet.

CREATE TABLE IF NOT EXISTS log_imports (
    export_id  BINARY(16)      NOT NULL,
    line       BIGINT UNSIGNED NOT NULL,
    updated_at DATETIME        NOT NULL,
    PRIMARY KEY (export_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;
