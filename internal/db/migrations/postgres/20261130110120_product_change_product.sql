-- +goose Up
-- modify "product_changes" table
ALTER TABLE "product_changes" ADD COLUMN "product" bytea NULL;

-- +goose Down
-- reverse: modify "product_changes" table
ALTER TABLE "product_changes" DROP COLUMN "product";
