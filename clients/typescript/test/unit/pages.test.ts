import assert from "node:assert/strict";
import { test } from "node:test";
import { Pages } from "../../src/pages.js";

function numbers() {
  const asked: string[] = [];
  const answers: Record<string, { items: number[]; nextPageToken: string }> = {
    "": { items: [1, 2], nextPageToken: "a" },
    a: { items: [], nextPageToken: "b" },
    b: { items: [3], nextPageToken: "" },
  };
  const pages = new Pages(
    async (token) => {
      asked.push(token);
      const answer = answers[token];
      assert.ok(answer);
      return answer;
    },
    (page) => page.items,
  );
  return { pages, asked };
}

test("a loop reads every page, also after an empty one, and starts again with the next loop", async () => {
  const { pages, asked } = numbers();
  assert.deepEqual(await pages.toArray(), [1, 2, 3]);
  assert.deepEqual(await pages.toArray(), [1, 2, 3]);
  assert.deepEqual(asked, ["", "a", "b", "", "a", "b"]);
});

test("pages that nobody reads are not fetched", async () => {
  const { pages, asked } = numbers();
  assert.deepEqual(await pages.toArray(2), [1, 2]);
  assert.deepEqual(await pages.toArray(0), []);
  for await (const _ of pages) break;
  assert.deepEqual(asked, ["", ""]);
});

test("an error ends the loop", async () => {
  const pages = new Pages<number, { nextPageToken: string }>(
    () => Promise.reject(new Error("lost")),
    () => [],
  );
  await assert.rejects(pages.toArray(), /lost/);
});
