-- +goose Up
-- What waits and what was given up, by time: for the ages and counts of metrics, and for retries of many.
CREATE INDEX `delivery_pending` ON `deliveries` (`schedule_time`) WHERE `state` = 'pending';
CREATE INDEX `delivery_failed` ON `deliveries` (`update_time`, `id`) WHERE `state` = 'failed';
-- The batches of a delivery: the key of the table begins with the batch, and Ent makes no other index.
CREATE INDEX `notification_batch_deliveries_delivery` ON `notification_batch_deliveries` (`delivery_id`);

-- +goose Down
DROP INDEX `notification_batch_deliveries_delivery`;
DROP INDEX `delivery_failed`;
DROP INDEX `delivery_pending`;
