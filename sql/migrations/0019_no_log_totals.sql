-- What service_totals has taken the place of.
DROP TABLE IF EXISTS log_totals;
