// What a program does with a client that openapi-typescript and openapi-fetch make: see generators_test.go.
import createClient from "openapi-fetch";
import type { components, paths } from "./catalog.js";

const { CATALOG_URL = "", EMAIL = "", PASSWORD = "" } = process.env;
const client = createClient<paths>({ baseUrl: CATALOG_URL });

/** Returns the response of a call that must succeed. */
async function must<T>(call: Promise<{ data?: T; error?: components["schemas"]["Error"] }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(`${error?.code}: ${error?.message}`);
  return data;
}

/** Returns the stable reason of an error. */
function reasonOf(error: components["schemas"]["Error"] | undefined): string | undefined {
  return error?.details?.find(({ type }) => type === "google.rpc.ErrorInfo")?.debug?.reason;
}

function equal<T>(got: T, want: T): void {
  if (got !== want) throw new Error(`got ${got}, want ${want}`);
}

const { accessToken } = await must(
  client.POST("/catalog.v1.AuthService/SignIn", { body: { email: EMAIL, password: PASSWORD } }),
);
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${accessToken}`);
  },
});

// A product: create, read with GET, update a part of it and all of it, list, delete.
const { product: created } = await must(
  client.POST("/catalog.v1.ProductService/CreateProduct", {
    body: {
      product: {
        sku: "TS-1",
        name: "Lamp",
        brand: "Luz",
        price: { amount: "129.90", currencyCode: "MXN" },
        weightGrams: "1200",
        attributes: { color: "brass" },
      },
    },
  }),
);
const { product: read } = await must(
  client.GET("/catalog.v1.ProductService/GetProduct", {
    params: { query: { encoding: "json", message: JSON.stringify({ id: created?.id }) } },
  }),
);
equal(read?.weightGrams, "1200");
const { product: cheaper } = await must(
  client.POST("/catalog.v1.ProductService/UpdateProduct", {
    body: { product: { id: created?.id, price: { amount: "119.90", currencyCode: "MXN" } }, updateMask: "price" },
  }),
);
equal(cheaper?.price?.amount, "119.90");
const { product: renamed } = await must(
  client.POST("/catalog.v1.ProductService/UpdateProduct", { body: { product: { ...cheaper, name: "Desk lamp" } } }),
);
equal(renamed?.name, "Desk lamp");
const { products } = await must(
  client.POST("/catalog.v1.ProductService/ListProducts", { body: { filter: 'brand = "Luz"', pageSize: 10 } }),
);
equal(products?.length, 1);

// An error has a stable reason, and names invalid fields.
const stale = await client.POST("/catalog.v1.ProductService/UpdateProduct", {
  body: { product: { id: created?.id, etag: created?.etag, name: "Floor lamp" }, updateMask: "name" },
});
equal(reasonOf(stale.error), "ETAG_MISMATCH");
const invalid = await client.POST("/catalog.v1.ProductService/UpdateProduct", {
  body: { product: { id: created?.id, price: { amount: "-1", currencyCode: "MXN" } }, updateMask: "price" },
});
const violations = invalid.error?.details?.flatMap(({ debug }) => debug?.fieldViolations ?? []);
equal(violations?.[0]?.field, "product.price.amount");

await must(client.POST("/catalog.v1.ProductService/DeleteProduct", { body: { id: created?.id ?? "" } }));
const gone = await client.POST("/catalog.v1.ProductService/GetProduct", { body: { sku: "TS-1" } });
equal(gone.response.status, 404);
equal(reasonOf(gone.error), "PRODUCT_NOT_FOUND");

// An administrator.
const { admin: me } = await must(client.POST("/catalog.v1.AuthService/GetCurrentAdmin", { body: {} }));
const { admin: updated } = await must(
  client.POST("/catalog.v1.AdminService/UpdateAdmin", {
    body: { admin: { ...me, name: "Named by TypeScript" }, updateMask: "name" },
  }),
);
equal(updated?.name, "Named by TypeScript");
console.log("done");
