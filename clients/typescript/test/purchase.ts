/**
 * Registration, purchase, a refusal and a cancellation against a running shop (`cargo dev`).
 *
 * Reads `BODEGA_URL` and `BODEGA_MAIL_URL`, by default those of `cargo dev`.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createBodega, type Problem, type ProblemCode, type Session } from "../src/index.js";

const baseUrl = process.env["BODEGA_URL"] ?? "http://127.0.0.1:9000";
const mailUrl = process.env["BODEGA_MAIL_URL"] ?? "http://127.0.0.1:9100";
const admin = { email: "admin@bodega.example", password: "local-admin-password" };

/** Returns the token of the newest mail to `email`; waits up to 10 seconds for it. */
async function mailedToken(email: string): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const mails = await (await fetch(`${mailUrl}/mails?to=${encodeURIComponent(email)}`)).text();
    const token = /token=([A-Za-z0-9_-]+)/.exec(mails)?.[1];
    if (token) return token;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no mail to ${email}`);
}

/** Registers a new customer and returns a client that is signed in. */
async function customer(name: string) {
  const stored: (Session | undefined)[] = [];
  const bodega = createBodega({ baseUrl, onSession: (session) => stored.push(session) });
  const email = `${name.toLowerCase()}-${crypto.randomUUID()}@example.com`;
  const password = "a long enough secret";

  const registered = await bodega.POST("/auth/register", { body: { email, password, name } });
  assert.equal(registered.data?.status, "verification_sent");
  assert.equal(bodega.session(), undefined);

  const token = await mailedToken(email);
  const verified = await bodega.POST("/auth/verify-email", { body: { token, password } });
  assert.equal(verified.data?.user.email, email);
  assert.deepEqual(stored, [bodega.session()]);
  return { bodega, email, password };
}

/** Creates a product with `stock` units and returns its SKU. */
async function product(stock: number): Promise<string> {
  const bodega = createBodega({ baseUrl });
  await bodega.POST("/auth/login", { body: admin });
  const { data, error } = await bodega.POST("/products", {
    body: { name: "Espresso cup", price: { amount: 1999, currency: "USD" }, stock },
  });
  assert.ok(data, error?.code);
  const sku = data.variants[0]?.sku;
  assert.ok(sku);
  return sku;
}

test("a customer registers, buys once and cancels", async () => {
  const { bodega, email, password } = await customer("Ada");
  const sku = await product(5);

  const login = await bodega.POST("/auth/login", { body: { email, password } });
  assert.equal(login.data?.token_type, "Bearer");

  const page = await bodega.GET("/products", { params: { query: { limit: 3 } } });
  assert.equal(page.data?.data.length, 3);

  const cart = await bodega.POST("/cart/items", { body: { sku, quantity: 2 } });
  assert.equal(cart.data?.subtotal.amount, 3998);

  const attempt = bodega.order({});
  const placed = await attempt.place();
  assert.equal(placed.response.status, 201);
  assert.ok(placed.data);
  assert.equal(placed.data.total.amount, 3998);
  assert.equal(placed.response.headers.get("Idempotent-Replayed"), null);

  const replayed = await bodega.order({}, attempt.key).place();
  assert.equal(replayed.data?.id, placed.data.id);
  assert.equal(replayed.response.headers.get("Idempotent-Replayed"), "true");

  const path = { order_id: placed.data.id };
  const cancelled = await bodega.DELETE("/orders/{order_id}", { params: { path } });
  assert.equal(cancelled.data?.status, "cancelled");

  await bodega.POST("/auth/logout", { body: {} });
  assert.equal(bodega.session(), undefined);
});

test("a guest buys, and takes the cart along to the login", async () => {
  const { email, password } = await customer("Hedy");
  const sku = await product(9);
  const stored: (string | undefined)[] = [];
  const guest = createBodega({ baseUrl, onCartToken: (token) => stored.push(token) });

  const cart = await guest.POST("/cart/items", { body: { sku, quantity: 2 } });
  assert.equal(cart.data?.item_count, 2);
  assert.deepEqual(stored, [guest.cartToken()]);
  const attempt = guest.order({ email: "guest@example.com" });
  const placed = await attempt.place();
  assert.ok(placed.data, placed.error?.code);
  assert.equal(placed.data.user_id, null);
  const token = placed.response.headers.get("Order-Token");
  assert.ok(token);
  const replayed = await attempt.place();
  assert.equal(replayed.response.headers.get("Order-Token"), token);

  const path = { order_id: placed.data.id };
  const headers = { "Order-Token": token };
  const cancelled = await guest.DELETE("/orders/{order_id}", { params: { path }, headers });
  assert.equal(cancelled.data?.status, "cancelled");

  await guest.POST("/cart/items", { body: { sku, quantity: 3 } });
  await guest.POST("/auth/login", { body: { email, password } });
  const merged = await guest.GET("/cart");
  assert.equal(merged.data?.item_count, 3);
  assert.equal(guest.cartToken(), undefined);

  const alone = createBodega({ baseUrl });
  const items = [{ sku, quantity: 1 }];
  const direct = await alone.order({ items, email: "guest@example.com" }).place();
  assert.ok(direct.data, direct.error?.code);
});

test("an error is typed by its code", async () => {
  const { bodega } = await customer("Grace");
  const sku = await product(1);

  const { data, error } = await bodega.order({ items: [{ sku, quantity: 2 }] }).place();
  assert.equal(data, undefined);
  if (error?.code !== "out_of_stock") throw new Error(`unexpected ${error?.code}`);
  const available: number | undefined = error.lines?.[0]?.available;
  assert.equal(available, 1);

  const alone = await bodega.POST("/cart/items", { body: { sku, quantity: 2 } });
  if (alone.error?.code !== "out_of_stock") throw new Error(`unexpected ${alone.error?.code}`);
  assert.equal(alone.error.available, 1);

  const invalid = await bodega.POST("/cart/items", { body: { sku, quantity: 1000 } });
  assert.equal(invalid.error?.code, "quantity_out_of_range");
});

test("an expired access token is renewed once for all requests", async () => {
  const { bodega } = await customer("Lin");
  const session = bodega.session();
  assert.ok(session);
  const renewals: string[] = [];
  const later = createBodega({
    baseUrl,
    session: { ...session, accessToken: `${session.accessToken.slice(0, -8)}AAAAAAAA` },
    fetch(request) {
      if (request.url.endsWith("/auth/refresh")) renewals.push(request.url);
      return fetch(request);
    },
  });

  const answers = await Promise.all([later.GET("/cart"), later.GET("/users/me"), later.GET("/orders")]);

  for (const { response } of answers) assert.equal(response.status, 200);
  assert.equal(renewals.length, 1);
  assert.notEqual(later.session()?.refreshToken, session.refreshToken);
});

test("a wrong password is not taken for an expired session", async () => {
  const { bodega, email } = await customer("Mary");
  const session = bodega.session();

  const body = { email, password: "not this one" };
  const { error } = await bodega.POST("/auth/login", { body });

  assert.equal(error?.code, "invalid_credentials");
  assert.deepEqual(bodega.session(), session);
});

// Compiled, not run: each line fails to compile if the types lose what they promise.
export function types(problem: Problem<"place_order">, code: ProblemCode<"add_cart_item">): void {
  // @ts-expect-error: this operation can't refuse a registration's password.
  if (problem.code === "password_too_short") return;
  // @ts-expect-error: `available` belongs to `out_of_stock` alone.
  if (problem.code === "cart_empty") console.log(problem.available);
  // @ts-expect-error: a cart has no illegal transition.
  if (code === "illegal_transition") return;
  // @ts-expect-error: a quantity is a number.
  createBodega({ baseUrl }).POST("/cart/items", { body: { sku: "A", quantity: "2" } });
}
