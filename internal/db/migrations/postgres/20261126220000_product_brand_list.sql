-- +goose NO TRANSACTION
-- +goose Up
-- The list of brands groups live products in the order of this index, without looking at their rows.
--
-- It is built concurrently, so that nobody who writes waits while that of a large catalog is built. This
-- cannot be in a transaction, and leaves an index that is not valid if the process is killed meanwhile:
-- so what is left of one is removed first.
DROP INDEX CONCURRENTLY IF EXISTS "product_brand_list";
CREATE INDEX CONCURRENTLY "product_brand_list" ON "products" ("brand_key", "brand", "delete_time") WHERE delete_time IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS "product_brand_list";
