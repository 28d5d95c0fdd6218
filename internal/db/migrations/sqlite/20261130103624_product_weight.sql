-- +goose Up
-- add column "weight_grams" to table: "products"
ALTER TABLE `products` ADD COLUMN `weight_grams` integer NULL;

-- +goose Down
-- reverse: add column "weight_grams" to table: "products"
ALTER TABLE `products` DROP COLUMN `weight_grams`;
