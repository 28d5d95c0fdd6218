-- +goose Up
-- create "admins" table
CREATE TABLE `admins` (`id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `create_time` datetime NOT NULL, `update_time` datetime NOT NULL, `delete_time` datetime NULL, `email` text NOT NULL, `name` text NOT NULL, `disabled` bool NOT NULL DEFAULT (false), `password_hash` text NOT NULL DEFAULT (''), `last_sign_in_time` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `admin_email_lower_case` CHECK (email = lower(email)));
-- create index "admin_live_email" to table: "admins"
CREATE UNIQUE INDEX `admin_live_email` ON `admins` (`email`) WHERE delete_time IS NULL;
-- create "deliveries" table
CREATE TABLE `deliveries` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `recipient_id` uuid NOT NULL, `recipient_email` text NOT NULL, `dedup_key` text NOT NULL, `state` text NOT NULL DEFAULT ('pending'), `attempt_count` integer NOT NULL DEFAULT (0), `last_error` text NOT NULL DEFAULT (''), `message_id` text NOT NULL DEFAULT (''), `change_count` integer NOT NULL DEFAULT (0), `schedule_time` datetime NOT NULL, `attempt_time` datetime NULL, `send_time` datetime NULL, `update_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "delivery_recipient_id_dedup_key" to table: "deliveries"
CREATE UNIQUE INDEX `delivery_recipient_id_dedup_key` ON `deliveries` (`recipient_id`, `dedup_key`);
-- create index "delivery_message_id" to table: "deliveries"
CREATE INDEX `delivery_message_id` ON `deliveries` (`message_id`);
-- create index "delivery_state_id" to table: "deliveries"
CREATE INDEX `delivery_state_id` ON `deliveries` (`state`, `id`);
-- create "journal_segments" table
CREATE TABLE `journal_segments` (`id` text NOT NULL, `create_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "journalsegment_create_time" to table: "journal_segments"
CREATE INDEX `journalsegment_create_time` ON `journal_segments` (`create_time`);
-- create "notification_batches" table
CREATE TABLE `notification_batches` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `actor_id` uuid NOT NULL, `change_count` integer NOT NULL, PRIMARY KEY (`id`));
-- create "notification_preferences" table
CREATE TABLE `notification_preferences` (`id` uuid NOT NULL, `frequency` text NOT NULL DEFAULT ('immediate'), `update_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create "one_time_tokens" table
CREATE TABLE `one_time_tokens` (`id` text NOT NULL, `create_time` datetime NOT NULL, `purpose` text NOT NULL, `admin_id` uuid NULL, `expire_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "onetimetoken_admin_id_purpose" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_admin_id_purpose` ON `one_time_tokens` (`admin_id`, `purpose`);
-- create index "onetimetoken_expire_time" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_expire_time` ON `one_time_tokens` (`expire_time`);
-- create "products" table
CREATE TABLE `products` (`id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `create_time` datetime NOT NULL, `update_time` datetime NOT NULL, `delete_time` datetime NULL, `sku` text NOT NULL, `name` text NOT NULL, `brand` text NOT NULL, `price_minor` integer NOT NULL, `price_exponent` integer NOT NULL, `currency` text NOT NULL, `description` text NOT NULL DEFAULT (''), `image_urls` json NOT NULL, `tags` json NOT NULL, `attributes` json NOT NULL, `sku_key` blob NOT NULL, `name_key` blob NOT NULL, `brand_key` blob NOT NULL, `search_text` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `product_price_not_negative` CHECK (price_minor >= 0));
-- create index "product_live_sku" to table: "products"
CREATE UNIQUE INDEX `product_live_sku` ON `products` (`sku`) WHERE delete_time IS NULL;
-- create index "product_live_sku_key" to table: "products"
CREATE INDEX `product_live_sku_key` ON `products` (`sku_key`, `id`) WHERE delete_time IS NULL;
-- create index "product_live_name_key" to table: "products"
CREATE INDEX `product_live_name_key` ON `products` (`name_key`, `id`) WHERE delete_time IS NULL;
-- create index "product_live_brand_key" to table: "products"
CREATE INDEX `product_live_brand_key` ON `products` (`brand_key`, `id`) WHERE delete_time IS NULL;
-- create index "product_live_price" to table: "products"
CREATE INDEX `product_live_price` ON `products` (`currency`, `price_minor`, `id`) WHERE delete_time IS NULL;
-- create index "product_create_time" to table: "products"
CREATE INDEX `product_create_time` ON `products` (`create_time`, `id`);
-- create index "product_update_time" to table: "products"
CREATE INDEX `product_update_time` ON `products` (`update_time`, `id`);
-- create "product_changes" table
CREATE TABLE `product_changes` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `create_time` datetime NOT NULL, `product_id` uuid NOT NULL, `sku` text NOT NULL, `product_name` text NOT NULL, `operation` text NOT NULL, `version` integer NOT NULL, `fields` json NOT NULL, `actor_id` uuid NOT NULL, `actor_name` text NOT NULL, `batch_id` uuid NULL, CONSTRAINT `product_changes_notification_batches_changes` FOREIGN KEY (`batch_id`) REFERENCES `notification_batches` (`id`) ON DELETE SET NULL);
-- create index "productchange_product_id_id" to table: "product_changes"
CREATE INDEX `productchange_product_id_id` ON `product_changes` (`product_id`, `id`);
-- create index "productchange_batch_id" to table: "product_changes"
CREATE INDEX `productchange_batch_id` ON `product_changes` (`batch_id`);
-- create index "productchange_unbatched" to table: "product_changes"
CREATE INDEX `productchange_unbatched` ON `product_changes` (`actor_id`, `id`) WHERE batch_id IS NULL;
-- create "product_views" table
CREATE TABLE `product_views` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `product_id` uuid NOT NULL, `hour` datetime NOT NULL, `views` integer NOT NULL DEFAULT (0), `impressions` integer NOT NULL DEFAULT (0), `bot_views` integer NOT NULL DEFAULT (0), `bot_impressions` integer NOT NULL DEFAULT (0));
-- create index "productview_product_id_hour" to table: "product_views"
CREATE UNIQUE INDEX `productview_product_id_hour` ON `product_views` (`product_id`, `hour`);
-- create index "productview_hour" to table: "product_views"
CREATE INDEX `productview_hour` ON `product_views` (`hour`);
-- create "refresh_tokens" table
CREATE TABLE `refresh_tokens` (`id` text NOT NULL, `create_time` datetime NOT NULL, `session_id` uuid NOT NULL, `use_time` datetime NULL, PRIMARY KEY (`id`));
-- create index "refreshtoken_session_id" to table: "refresh_tokens"
CREATE INDEX `refreshtoken_session_id` ON `refresh_tokens` (`session_id`);
-- create "sessions" table
CREATE TABLE `sessions` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `admin_id` uuid NOT NULL, `user_agent` text NOT NULL DEFAULT (''), `ip_address` text NOT NULL DEFAULT (''), `last_refresh_time` datetime NOT NULL, `expire_time` datetime NOT NULL, `end_time` datetime NULL, PRIMARY KEY (`id`));
-- create index "session_admin_id_id" to table: "sessions"
CREATE INDEX `session_admin_id_id` ON `sessions` (`admin_id`, `id`);
-- create index "session_expire_time" to table: "sessions"
CREATE INDEX `session_expire_time` ON `sessions` (`expire_time`);
-- create "signing_keys" table
CREATE TABLE `signing_keys` (`id` text NOT NULL, `private_key` blob NOT NULL, `create_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create "throttles" table
CREATE TABLE `throttles` (`id` text NOT NULL, `count` integer NOT NULL DEFAULT (0), `expire_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "throttle_expire_time" to table: "throttles"
CREATE INDEX `throttle_expire_time` ON `throttles` (`expire_time`);
-- create "notification_batch_deliveries" table
CREATE TABLE `notification_batch_deliveries` (`notification_batch_id` uuid NOT NULL, `delivery_id` uuid NOT NULL, PRIMARY KEY (`notification_batch_id`, `delivery_id`), CONSTRAINT `notification_batch_deliveries_notification_batch_id` FOREIGN KEY (`notification_batch_id`) REFERENCES `notification_batches` (`id`) ON DELETE CASCADE, CONSTRAINT `notification_batch_deliveries_delivery_id` FOREIGN KEY (`delivery_id`) REFERENCES `deliveries` (`id`) ON DELETE CASCADE);

-- +goose Down
-- reverse: create "notification_batch_deliveries" table
DROP TABLE `notification_batch_deliveries`;
-- reverse: create index "throttle_expire_time" to table: "throttles"
DROP INDEX `throttle_expire_time`;
-- reverse: create "throttles" table
DROP TABLE `throttles`;
-- reverse: create "signing_keys" table
DROP TABLE `signing_keys`;
-- reverse: create index "session_expire_time" to table: "sessions"
DROP INDEX `session_expire_time`;
-- reverse: create index "session_admin_id_id" to table: "sessions"
DROP INDEX `session_admin_id_id`;
-- reverse: create "sessions" table
DROP TABLE `sessions`;
-- reverse: create index "refreshtoken_session_id" to table: "refresh_tokens"
DROP INDEX `refreshtoken_session_id`;
-- reverse: create "refresh_tokens" table
DROP TABLE `refresh_tokens`;
-- reverse: create index "productview_hour" to table: "product_views"
DROP INDEX `productview_hour`;
-- reverse: create index "productview_product_id_hour" to table: "product_views"
DROP INDEX `productview_product_id_hour`;
-- reverse: create "product_views" table
DROP TABLE `product_views`;
-- reverse: create index "productchange_unbatched" to table: "product_changes"
DROP INDEX `productchange_unbatched`;
-- reverse: create index "productchange_batch_id" to table: "product_changes"
DROP INDEX `productchange_batch_id`;
-- reverse: create index "productchange_product_id_id" to table: "product_changes"
DROP INDEX `productchange_product_id_id`;
-- reverse: create "product_changes" table
DROP TABLE `product_changes`;
-- reverse: create index "product_update_time" to table: "products"
DROP INDEX `product_update_time`;
-- reverse: create index "product_create_time" to table: "products"
DROP INDEX `product_create_time`;
-- reverse: create index "product_live_price" to table: "products"
DROP INDEX `product_live_price`;
-- reverse: create index "product_live_brand_key" to table: "products"
DROP INDEX `product_live_brand_key`;
-- reverse: create index "product_live_name_key" to table: "products"
DROP INDEX `product_live_name_key`;
-- reverse: create index "product_live_sku_key" to table: "products"
DROP INDEX `product_live_sku_key`;
-- reverse: create index "product_live_sku" to table: "products"
DROP INDEX `product_live_sku`;
-- reverse: create "products" table
DROP TABLE `products`;
-- reverse: create index "onetimetoken_expire_time" to table: "one_time_tokens"
DROP INDEX `onetimetoken_expire_time`;
-- reverse: create index "onetimetoken_admin_id_purpose" to table: "one_time_tokens"
DROP INDEX `onetimetoken_admin_id_purpose`;
-- reverse: create "one_time_tokens" table
DROP TABLE `one_time_tokens`;
-- reverse: create "notification_preferences" table
DROP TABLE `notification_preferences`;
-- reverse: create "notification_batches" table
DROP TABLE `notification_batches`;
-- reverse: create index "journalsegment_create_time" to table: "journal_segments"
DROP INDEX `journalsegment_create_time`;
-- reverse: create "journal_segments" table
DROP TABLE `journal_segments`;
-- reverse: create index "delivery_state_id" to table: "deliveries"
DROP INDEX `delivery_state_id`;
-- reverse: create index "delivery_message_id" to table: "deliveries"
DROP INDEX `delivery_message_id`;
-- reverse: create index "delivery_recipient_id_dedup_key" to table: "deliveries"
DROP INDEX `delivery_recipient_id_dedup_key`;
-- reverse: create "deliveries" table
DROP TABLE `deliveries`;
-- reverse: create index "admin_live_email" to table: "admins"
DROP INDEX `admin_live_email`;
-- reverse: create "admins" table
DROP TABLE `admins`;
