-- +goose Up
-- The list of brands groups live products in the order of this index, without looking at their rows.
CREATE INDEX `product_brand_list` ON `products` (`brand_key`, `brand`, `delete_time`) WHERE delete_time IS NULL;

-- +goose Down
DROP INDEX `product_brand_list`;
