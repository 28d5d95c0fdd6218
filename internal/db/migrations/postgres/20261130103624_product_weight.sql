-- +goose Up
-- modify "products" table
ALTER TABLE "products" ADD COLUMN "weight_grams" bigint NULL;

-- +goose Down
-- reverse: modify "products" table
ALTER TABLE "products" DROP COLUMN "weight_grams";
