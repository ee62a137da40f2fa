/** What is retried and what isn't, against a shop of canned responses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createBodega } from "../src/index.js";

type Reply = () => Response;

function unavailable(seconds: string): Reply {
  const headers = { "Retry-After": seconds, "Content-Type": "application/problem+json" };
  return () => new Response('{"code":"service_unavailable"}', { status: 503, headers });
}

const lost: Reply = () => {
  throw new TypeError("fetch failed");
};
const created: Reply = () => Response.json({ id: "ord_1" }, { status: 201 });
const listed: Reply = () => Response.json({ data: [], next_cursor: null });

/** Returns a client that gets `replies` in turn, and the requests that it has sent. */
function shop(...replies: Reply[]) {
  const sent: Request[] = [];
  const bodega = createBodega({
    baseUrl: "http://shop.example",
    async fetch(request) {
      sent.push(request);
      const reply = replies[sent.length - 1];
      assert.ok(reply, "one request too many");
      return reply();
    },
  });
  return { bodega, sent };
}

test("a GET is retried after an unavailable shop and a lost connection", async () => {
  const { bodega, sent } = shop(unavailable("0"), lost, listed);

  const { data } = await bodega.GET("/products");

  assert.deepEqual(data?.data, []);
  assert.equal(sent.length, 3);
});

test("retries end", async () => {
  const { bodega, sent } = shop(unavailable("0"), unavailable("0"), unavailable("0"));

  const { error } = await bodega.GET("/products");

  assert.equal(error?.code, "service_unavailable");
  assert.equal(sent.length, 3);
});

test("a longer Retry-After than the longest wait is not retried", async () => {
  const { bodega, sent } = shop(unavailable("31"));

  await bodega.GET("/products");

  assert.equal(sent.length, 1);
});

test("a POST without an idempotency key is sent once", async () => {
  const { bodega, sent } = shop(unavailable("0"));

  const { error } = await bodega.POST("/cart/items", { body: { sku: "A", quantity: 1 } });

  assert.equal(error?.code, "service_unavailable");
  assert.equal(sent.length, 1);
});

test("an order is retried with the same key and body", async () => {
  const { bodega, sent } = shop(unavailable("0"), lost, created);

  const attempt = bodega.order({ items: [{ sku: "A", quantity: 1 }] });
  const { response } = await attempt.place();

  assert.equal(response.status, 201);
  for (const request of sent) {
    assert.equal(request.headers.get("Idempotency-Key"), attempt.key);
    assert.deepEqual(await request.json(), { items: [{ sku: "A", quantity: 1 }] });
  }
});
