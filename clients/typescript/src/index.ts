/**
 * A typed client of the Bodega API.
 *
 * Paths, bodies, responses and errors are generated from `openapi.json` into `schema.ts`. This
 * file adds what a document can't say: it sends the access token and renews it, sends the token of
 * a guest's cart, retries what is safe to retry, and keeps the idempotency key of an order.
 */

import createClient, { type Client } from "openapi-fetch";

import type { components, operations, paths } from "./schema.js";

/** The types of all request and response bodies by name, such as `Schemas["Order"]`. */
export type Schemas = components["schemas"];

/** The name of an operation, such as `"place_order"`: the `operationId` of the document. */
export type Operation = keyof operations;

type Problems<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends {
    content: { "application/problem+json": infer Body };
  }
    ? Body
    : never;
}[keyof Responses];

/**
 * The errors of one operation, or of several: a union of problem documents that is discriminated
 * by `code`. After `if (problem.code === "out_of_stock")`, `problem.available` has its type.
 */
export type Problem<Name extends Operation = Operation> = {
  [Each in Name]: Problems<operations[Each]["responses"]>;
}[Name];

/** The code of a problem, such as `"out_of_stock"`; of one operation or of all. */
export type ProblemCode<Name extends Operation = Operation> = Extract<
  Problem<Name>,
  { code: string }
>["code"];

/** The tokens of a signed-in user. */
export interface Session {
  /** Sent with every request. Valid for 15 minutes. */
  readonly accessToken: string;
  /** Exchanged for new tokens. Works once. */
  readonly refreshToken: string;
}

/** The options of {@link createBodega}. */
export interface BodegaOptions {
  /** The URL of the shop's API, without a path: `https://api.shop.example`. */
  readonly baseUrl: string;
  /** The session of an earlier visit. */
  readonly session?: Session | undefined;
  /** Called with each new session, and with `undefined` when it has ended: store it here. */
  readonly onSession?: (session: Session | undefined) => void;
  /** The token of a guest's cart from an earlier visit. */
  readonly cartToken?: string | undefined;
  /**
   * Called with the token of each new cart of a guest, and with `undefined` when a customer has taken
   * the cart over: store it here.
   */
  readonly onCartToken?: (token: string | undefined) => void;
  /** The most retries of one request [2]; 0 switches retries off. */
  readonly retries?: number;
  /** The longest `Retry-After` to wait for, in seconds [30]; a longer one is not retried. */
  readonly longestWait?: number;
  /** Replaces the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** An order that is placed at most once, however often {@link OrderAttempt.place} is called. */
export interface OrderAttempt {
  /** The `Idempotency-Key` of the order. Store it to repeat the attempt after a restart. */
  readonly key: string;
  /**
   * Places the order. Calling it again, after a lost connection for example, returns the same
   * order for 72 hours. Throws if no response arrives.
   */
  place(): ReturnType<typeof placeOrder>;
}

/** The client: `GET`, `POST`, … of `openapi-fetch`, typed by path, and what this file adds. */
export interface Bodega extends Client<paths> {
  /** Returns the present session; `undefined` if nobody is signed in. */
  session(): Session | undefined;
  /** Returns the token of the guest's cart; `undefined` if there is none. */
  cartToken(): string | undefined;
  /**
   * Prepares an order; without `items`, of the cart. `key` continues an earlier attempt. A guest names
   * an `email`, and the response has an `Order-Token`: send it with requests about the order.
   */
  order(body: Schemas["OrderBody"], key?: string): OrderAttempt;
}

/** The routes whose 200 response is a new session. */
const LOGINS = ["/auth/login", "/auth/verify-email", "/auth/refresh"];

/**
 * Creates a client.
 *
 * - Logging in or verifying an email starts a session; logging out ends it.
 * - A 401 `unauthenticated` renews the session once and repeats the request. Requests that fail
 *   at the same time share one renewal.
 * - A guest's cart is sent as `Cart-Token`; the first request about the cart after a login takes it
 *   along.
 * - A 429, a 503 or a lost connection is retried after `Retry-After` seconds, but only for `GET`
 *   and for requests with an `Idempotency-Key`: nothing else is safe to send twice.
 *
 * Each call returns `{ data, error, response }`: `data` is set for a 2xx status, else `error`.
 */
export function createBodega(options: BodegaOptions): Bodega {
  const { retries = 2, longestWait = 30, onSession, onCartToken } = options;
  const transport = options.fetch ?? ((request: Request) => fetch(request));
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  let session = options.session;
  let cartToken = options.cartToken;
  let renewal: Promise<void> | undefined;

  function setSession(next: Session | undefined): void {
    session = next;
    onSession?.(next);
  }

  function setCartToken(next: string | undefined): void {
    cartToken = next;
    onCartToken?.(next);
  }

  /** Sends a request and, where that is safe, retries it. */
  async function sendWithRetries(request: Request, safe: boolean): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const last = !safe || attempt >= retries;
      try {
        const response = await transport(request.clone());
        const seconds = Number(response.headers.get("Retry-After") ?? 1);
        const retryable = response.status === 429 || response.status === 503;
        if (last || !retryable || !(seconds <= longestWait)) return response;
        await response.body?.cancel();
        await wait(seconds, request.signal);
      } catch (error) {
        if (last || request.signal.aborted) throw error;
        await wait(1, request.signal);
      }
    }
  }

  /** Exchanges the refresh token. Ends the session only if the shop says that it has ended. */
  async function renew(refreshToken: string): Promise<void> {
    const request = new Request(`${baseUrl}/auth/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: refreshToken }),
    });
    // The shop accepts a refresh token again for 10 seconds, so one lost response does no harm.
    const response = await sendWithRetries(request, true);
    if (response.ok) setSession(toSession((await response.json()) as Schemas["Login"]));
    else if (response.status === 401) setSession(undefined);
  }

  async function send(request: Request): Promise<Response> {
    const safe = request.method === "GET" || request.headers.has("Idempotency-Key");
    const path = request.url.slice(baseUrl.length);
    const ownToken = request.headers.has("Authorization");
    const sent = session;
    if (sent && !ownToken) request.headers.set("Authorization", `Bearer ${sent.accessToken}`);
    const isOfCart = path === "/cart" || path.startsWith("/cart/");
    const takesCart = isOfCart || path === "/auth/login" || path === "/orders";
    if (cartToken && takesCart) request.headers.set("Cart-Token", cartToken);

    let response = await sendWithRetries(request, safe);
    if (response.status === 401 && sent && !ownToken && (await isUnauthenticated(response))) {
      if (session === sent) {
        renewal ??= renew(sent.refreshToken).finally(() => (renewal = undefined));
        await renewal;
      }
      if (session && session !== sent) {
        request.headers.set("Authorization", `Bearer ${session.accessToken}`);
        response = await sendWithRetries(request, safe);
      }
    }

    if (response.status === 200 && LOGINS.includes(path)) {
      setSession(toSession((await response.clone().json()) as Schemas["Login"]));
    } else if (response.status === 204 && path === "/auth/logout") setSession(undefined);
    const newCart = response.headers.get("Cart-Token");
    if (newCart) setCartToken(newCart);
    // With both tokens, the shop has merged the guest's cart into the customer's.
    else if (response.ok && isOfCart && sent && cartToken) setCartToken(undefined);
    return response;
  }

  const client = createClient<paths>({ baseUrl, fetch: send });
  return Object.assign(client, {
    session: () => session,
    cartToken: () => cartToken,
    order(body: Schemas["OrderBody"], key: string = crypto.randomUUID()) {
      const place = () => {
        // A guest's key is found by the cart's token, whether there is such a cart or not.
        if (!session && !cartToken) setCartToken(randomToken());
        return placeOrder(client, body, key);
      };
      return { key, place };
    },
  });
}

function placeOrder(client: Client<paths>, body: Schemas["OrderBody"], key: string) {
  return client.POST("/orders", { body, params: { header: { "Idempotency-Key": key } } });
}

/** Returns 32 random bytes in base64url. */
function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function toSession(login: Schemas["Login"]): Session {
  return { accessToken: login.access_token, refreshToken: login.refresh_token };
}

/** Tells an expired access token from a wrong password, which is a 401 too. */
async function isUnauthenticated(response: Response): Promise<boolean> {
  const problem: unknown = await response.clone().json().catch(() => undefined);
  return (problem as { code?: unknown } | undefined)?.code === "unauthenticated";
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
