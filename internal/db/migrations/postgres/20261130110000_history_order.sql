-- +goose Up
-- Makes product_changes.id the order in which changes commit, so that a reader who continues after the last id
-- that it saw misses nothing. A sequence alone gives no such order: a transaction that draws a smaller number
-- can commit after one that drew a greater number.
--
-- A writer of history holds this lock from its first row to its commit. Locks are always taken in this order:
-- rows of products, this lock, rows of jobs. It is a trigger, so that the release before takes it too.
-- +goose StatementBegin
CREATE FUNCTION "order_history"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('catalog product_changes', 0));
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "product_change_order" BEFORE INSERT ON "product_changes"
	FOR EACH STATEMENT EXECUTE FUNCTION "order_history"();

-- +goose Down
DROP TRIGGER "product_change_order" ON "product_changes";
DROP FUNCTION "order_history"();
