-- +goose NO TRANSACTION
-- +goose Up
-- What a shop shows of one brand, the newest first. Built concurrently, as product_brand_list is.
DROP INDEX CONCURRENTLY IF EXISTS "product_live_brand";
CREATE INDEX CONCURRENTLY "product_live_brand" ON "products" ("brand", "create_time", "id") WHERE delete_time IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS "product_live_brand";
