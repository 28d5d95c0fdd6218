-- +goose Up
-- Full-text search over products.search_text: folded words separated by single spaces. The tokenizer
-- parts ASCII at what is no letter or digit, and nothing else, because package text has folded the
-- words already: no language, so that both databases find the same. The index holds no copy of the
-- text. Rows are known to it by an integer, because finding them by their UUID would scan it; a rowid
-- of products itself may change with VACUUM.
--
-- A query is one quoted prefix for each folded word (package text gives letters and digits only, so
-- that no word holds a quote); prefixes of two and three characters have an index of their own:
--
--   WHERE delete_time IS NULL AND id IN (
--     SELECT d.product_id FROM product_search JOIN product_search_docs d ON d.doc_id = product_search.rowid
--     WHERE product_search MATCH ?)                                       -- ?: "creme"* "brul"*
--
-- A later version that rebuilds products (SQLite drops a table's triggers with it) must make the
-- triggers again: a test of package db fails otherwise.
CREATE TABLE `product_search_docs` (
	`doc_id` integer NOT NULL PRIMARY KEY,
	`product_id` uuid NOT NULL UNIQUE
);
CREATE VIRTUAL TABLE `product_search` USING fts5(
	words, tokenize = 'ascii', prefix = '2 3', content = '', contentless_delete = 1, detail = none
);
INSERT INTO `product_search_docs` (`product_id`) SELECT `id` FROM `products`;
INSERT INTO `product_search` (`rowid`, `words`)
	SELECT d.doc_id, p.search_text FROM `products` p JOIN `product_search_docs` d ON d.product_id = p.id;

-- +goose StatementBegin
CREATE TRIGGER `product_search_insert` AFTER INSERT ON `products` BEGIN
	INSERT INTO `product_search_docs` (`product_id`) VALUES (new.id);
	INSERT INTO `product_search` (`rowid`, `words`)
		SELECT doc_id, new.search_text FROM `product_search_docs` WHERE product_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `product_search_update` AFTER UPDATE OF `search_text` ON `products`
WHEN old.search_text <> new.search_text BEGIN
	UPDATE `product_search` SET `words` = new.search_text
		WHERE `rowid` = (SELECT doc_id FROM `product_search_docs` WHERE product_id = new.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `product_search_delete` AFTER DELETE ON `products` BEGIN
	DELETE FROM `product_search`
		WHERE `rowid` = (SELECT doc_id FROM `product_search_docs` WHERE product_id = old.id);
	DELETE FROM `product_search_docs` WHERE product_id = old.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER `product_search_delete`;
DROP TRIGGER `product_search_update`;
DROP TRIGGER `product_search_insert`;
DROP TABLE `product_search`;
DROP TABLE `product_search_docs`;
