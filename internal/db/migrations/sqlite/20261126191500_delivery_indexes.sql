-- +goose Up
-- create index "delivery_pending" to table: "deliveries"
CREATE INDEX `delivery_pending` ON `deliveries` (`schedule_time`) WHERE state = 'pending';
-- create index "delivery_failed" to table: "deliveries"
CREATE INDEX `delivery_failed` ON `deliveries` (`update_time`, `id`) WHERE state = 'failed';

-- +goose Down
-- reverse: create index "delivery_failed" to table: "deliveries"
DROP INDEX `delivery_failed`;
-- reverse: create index "delivery_pending" to table: "deliveries"
DROP INDEX `delivery_pending`;
