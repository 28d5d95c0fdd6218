import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { maxAttributeName, maxAttributeValue, maxItems, maxLengths, minPasswordLength } from "./limits";

/** Returns the number that a constant of the server's sources has. */
function server(file: string, constant: string): number {
  const source = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
  const value = new RegExp(`^\\s*${constant}\\s*=\\s*([0-9_]+)$`, "m").exec(source)?.[1];
  assert.ok(value, `${constant} in ${file}`);
  return Number(value.replaceAll("_", ""));
}

/** Returns the max_len of a field of a message in the contract. */
function contract(file: string, message: string, field: string): number {
  const source = readFileSync(new URL(`../../../../proto/catalog/v1/${file}`, import.meta.url), "utf8");
  const value = new RegExp(`^message ${message} \\{[\\s\\S]*?string ${field} = [^;]*?max_len[ :=]+([0-9]+)`, "m").exec(
    source,
  )?.[1];
  assert.ok(value, `${message}.${field} in ${file}`);
  return Number(value);
}

test("limits are the server's", () => {
  const product = (constant: string) => server("internal/product/fields/table.go", constant);
  assert.deepEqual(maxLengths, {
    "product.sku": product("MaxSKU"),
    "product.name": product("maxName"),
    "product.brand": product("maxBrand"),
    "product.description": product("maxDescription"),
    "product.image_urls[]": product("maxImageURL"),
    "product.tags[]": product("maxTag"),
    "admin.email": server("internal/admin/person.go", "maxEmailLength"),
    "admin.name": server("internal/admin/person.go", "maxNameLength"),
    "api_key.name": contract("auth.proto", "CreateApiKeyRequest", "name"),
    password: server("internal/auth/passwordrules.go", "MaxPasswordLength"),
    "passkey.name": contract("auth.proto", "CreatePasskeyRequest", "name"),
    recoveryCode: contract("auth.proto", "SecondFactor", "recovery_code"),
    query: contract("product.proto", "ListProductsRequest", "query"),
    brandQuery: contract("product.proto", "ListBrandsRequest", "query"),
  });
  assert.deepEqual(maxItems, {
    "product.image_urls": product("MaxImageURLs"),
    "product.tags": product("maxTags"),
    "product.attributes": product("maxAttributes"),
  });
  assert.equal(maxAttributeName, product("MaxKey"));
  assert.equal(maxAttributeValue, product("maxValue"));
  assert.equal(minPasswordLength, server("internal/auth/passwordrules.go", "MinPasswordLength"));
});
