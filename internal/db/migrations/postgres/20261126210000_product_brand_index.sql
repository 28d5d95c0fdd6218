-- +goose Up
-- create index "product_live_brand" to table: "products"
CREATE INDEX "product_live_brand" ON "products" ("brand", "create_time", "id") WHERE delete_time IS NULL;

-- +goose Down
-- reverse: create index "product_live_brand" to table: "products"
DROP INDEX "product_live_brand";
