-- Services that minted too many patterns, and what was learned of them each time the guard tightened.

CREATE TABLE IF NOT EXISTS log_pattern_guards (
    service  VARCHAR(255)     CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    level    TINYINT UNSIGNED NOT NULL,
    since    DATETIME(6)      NOT NULL,
    patterns INT UNSIGNED     NOT NULL COMMENT 'how many the service had by then',
    learned  JSON             NOT NULL,
    PRIMARY KEY (service, level)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_uca1400_as_ci;
