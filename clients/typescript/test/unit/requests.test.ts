import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { productsOn } from "../../src/clients.js";
import { CreateProductRequestSchema, ProductService } from "../../src/gen/catalog/v1/product_pb.js";
import { interceptorsOf } from "../../src/transport.js";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A client and the request ids of the calls that its server got; the first calls lose their connection. */
function recording(options: { lost?: number; requestIds?: boolean; interceptors?: Interceptor[] } = {}) {
  let { lost = 0 } = options;
  const ids: string[] = [];
  const answer = (request: object) => {
    ids.push("requestId" in request ? String(request.requestId) : "none");
    if (lost-- > 0) throw new ConnectError("away", Code.Unavailable);
    return {};
  };
  const transport = createRouterTransport(
    (router) =>
      router.service(ProductService, {
        createProduct: answer,
        batchCreateProducts: answer,
        updateProduct: answer,
        batchUpdateProducts: answer,
        deleteProduct: answer,
        undeleteProduct: answer,
        revertProductChange: answer,
        listProducts: answer,
      }),
    { transport: { interceptors: interceptorsOf({ baseUrl: "", retry: { baseDelayMs: 0 }, ...options }, []) } },
  );
  return { products: productsOn(transport), ids };
}

test("every write of a product has a request id of its own, reads have none", async () => {
  const { products, ids } = recording();
  const writes = ProductService.methods.filter(({ input }) => input.field.requestId !== undefined);
  assert.equal(writes.length, 7);
  for (const { localName } of writes) await (products[localName as keyof typeof products] as (request: object) => unknown)({});
  for (const id of ids) assert.match(id, uuid);
  assert.equal(new Set(ids).size, writes.length);

  await products.listProducts({});
  assert.equal(ids.at(-1), "none");
});

test("a write is tried again with the same request id", async () => {
  const { products, ids } = recording({ lost: 3 });
  await products.deleteProduct({ id: "x" });
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 1);
  await products.deleteProduct({ id: "x" });
  assert.notEqual(ids[4], ids[0]);
});

test("a request message that is sent twice is two requests, and stays as it was", async () => {
  const { products, ids } = recording();
  const request = create(CreateProductRequestSchema, { product: { sku: "S" } });
  await products.createProduct(request);
  await products.createProduct(request);
  assert.notEqual(ids[0], ids[1]);
  assert.deepEqual(
    toBinary(CreateProductRequestSchema, request),
    toBinary(CreateProductRequestSchema, create(CreateProductRequestSchema, { product: { sku: "S" } })),
  );
});

test("the caller's own request id is kept, also without the client's", async () => {
  const requestId = "0b0e7f0e-1c9c-4d6e-8f2e-3f6a1e6f7a10";
  for (const requestIds of [true, false]) {
    const { products, ids } = recording({ lost: 1, requestIds });
    await products.revertProductChange({ sequence: 1n, requestId });
    assert.deepEqual(ids, [requestId, requestId]);
  }
});

test("without request ids a write is tried once", async () => {
  const { products, ids } = recording({ lost: 1, requestIds: false });
  await assert.rejects(products.createProduct({}), { code: Code.Unavailable });
  assert.deepEqual(ids, [""]);
});
