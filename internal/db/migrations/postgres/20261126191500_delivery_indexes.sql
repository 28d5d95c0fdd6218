-- +goose NO TRANSACTION
-- +goose Up
-- What waits and what was given up, by time: for the ages and counts of metrics, and for retries of many.
-- Then the batches of a delivery: the key of that table begins with the batch, and Ent makes no other
-- index. All are built concurrently, as product_brand_list is.
DROP INDEX CONCURRENTLY IF EXISTS "delivery_pending";
CREATE INDEX CONCURRENTLY "delivery_pending" ON "deliveries" ("schedule_time") WHERE "state" = 'pending';
DROP INDEX CONCURRENTLY IF EXISTS "delivery_failed";
CREATE INDEX CONCURRENTLY "delivery_failed" ON "deliveries" ("update_time", "id") WHERE "state" = 'failed';
DROP INDEX CONCURRENTLY IF EXISTS "notification_batch_deliveries_delivery";
CREATE INDEX CONCURRENTLY "notification_batch_deliveries_delivery" ON "notification_batch_deliveries" ("delivery_id");

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS "notification_batch_deliveries_delivery";
DROP INDEX CONCURRENTLY IF EXISTS "delivery_failed";
DROP INDEX CONCURRENTLY IF EXISTS "delivery_pending";
