-- A service's totals of a window are read by its name; its counts by pattern and host are ten times as many.

ALTER TABLE log_totals ADD KEY IF NOT EXISTS by_service (service, span, start);
