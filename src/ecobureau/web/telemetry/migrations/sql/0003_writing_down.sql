DROP TABLE gateway_batch;
ALTER TABLE gateway_run DROP COLUMN fault, DROP COLUMN fault_at;
