-- +goose Up
-- add column "reverted_sequence" to table: "product_changes"
ALTER TABLE `product_changes` ADD COLUMN `reverted_sequence` integer NULL;

-- +goose Down
-- reverse: add column "reverted_sequence" to table: "product_changes"
ALTER TABLE `product_changes` DROP COLUMN `reverted_sequence`;
