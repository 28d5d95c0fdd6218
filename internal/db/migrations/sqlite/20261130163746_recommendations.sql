-- +goose Up
-- create "product_scores" table
CREATE TABLE `product_scores` (`id` uuid NOT NULL, `trend` real NOT NULL DEFAULT (0), `arrivals` real NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "productscore_trend_id" to table: "product_scores"
CREATE INDEX `productscore_trend_id` ON `product_scores` (`trend`, `id`);
-- create "product_transitions" table
CREATE TABLE `product_transitions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `from_id` uuid NOT NULL, `to_id` uuid NOT NULL, `weight` real NOT NULL);
-- create index "producttransition_from_id_to_id" to table: "product_transitions"
CREATE UNIQUE INDEX `producttransition_from_id_to_id` ON `product_transitions` (`from_id`, `to_id`);

-- +goose Down
-- reverse: create index "producttransition_from_id_to_id" to table: "product_transitions"
DROP INDEX `producttransition_from_id_to_id`;
-- reverse: create "product_transitions" table
DROP TABLE `product_transitions`;
-- reverse: create index "productscore_trend_id" to table: "product_scores"
DROP INDEX `productscore_trend_id`;
-- reverse: create "product_scores" table
DROP TABLE `product_scores`;
