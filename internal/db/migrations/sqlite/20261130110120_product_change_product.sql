-- +goose Up
-- add column "product" to table: "product_changes"
ALTER TABLE `product_changes` ADD COLUMN `product` blob NULL;

-- +goose Down
-- reverse: add column "product" to table: "product_changes"
ALTER TABLE `product_changes` DROP COLUMN `product`;
