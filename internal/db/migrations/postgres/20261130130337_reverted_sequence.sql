-- +goose Up
-- modify "product_changes" table
ALTER TABLE "product_changes" ADD COLUMN "reverted_sequence" bigint NULL;

-- +goose Down
-- reverse: modify "product_changes" table
ALTER TABLE "product_changes" DROP COLUMN "reverted_sequence";
