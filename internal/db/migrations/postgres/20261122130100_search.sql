-- +goose Up
-- Full-text search over products.search_text: folded words separated by single spaces. The words go
-- into the vector as they are, because package text has folded them already: no dictionary, so that
-- every language and both databases find the same. A word must be at most 2,046 bytes long.
--
-- A query is a tsquery with one quoted prefix for each folded word, passed as text (package text gives
-- letters and digits only, so that no word holds a quote):
--
--   WHERE delete_time IS NULL AND search_vector @@ CAST($1 AS tsquery)    -- $1: 'creme':* & 'brul':*
ALTER TABLE "products" ADD COLUMN "search_vector" tsvector
	GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array("search_text", ' '), ''))) STORED;
CREATE INDEX "product_search_vector" ON "products" USING gin ("search_vector");

-- +goose Down
DROP INDEX "product_search_vector";
ALTER TABLE "products" DROP COLUMN "search_vector";
