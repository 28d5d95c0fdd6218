-- +goose Up
-- Tells every process, on the channel "catalog", which products a statement has changed, so that they
-- forget what they keep of them: "products ID ID …", at most 200 in a message (PostgreSQL allows 8,000
-- bytes), or "products" alone for all. It is a trigger so that it also tells of what an older program or a
-- person with psql changes. PostgreSQL delivers it when the transaction commits.
-- +goose StatementBegin
CREATE FUNCTION "tell_of_products"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		PERFORM pg_notify('catalog', 'products');
		RETURN NULL;
	END IF;
	PERFORM pg_notify('catalog', 'products ' || string_agg("id"::text, ' '))
	FROM (SELECT "id", (row_number() OVER () - 1) / 200 AS "message" FROM "changed") AS "numbered"
	GROUP BY "message";
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "product_inserted" AFTER INSERT ON "products"
	REFERENCING NEW TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "tell_of_products"();
CREATE TRIGGER "product_updated" AFTER UPDATE ON "products"
	REFERENCING NEW TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "tell_of_products"();
CREATE TRIGGER "product_deleted" AFTER DELETE ON "products"
	REFERENCING OLD TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "tell_of_products"();
CREATE TRIGGER "product_truncated" AFTER TRUNCATE ON "products"
	FOR EACH STATEMENT EXECUTE FUNCTION "tell_of_products"();

-- +goose Down
DROP TRIGGER "product_inserted" ON "products";
DROP TRIGGER "product_updated" ON "products";
DROP TRIGGER "product_deleted" ON "products";
DROP TRIGGER "product_truncated" ON "products";
DROP FUNCTION "tell_of_products"();
