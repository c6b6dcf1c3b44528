import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Pages, serveHttp } from "../../src/report/http.ts";

const stops: AbortController[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

async function serve(pages: Partial<Pages> = {}, address = "127.0.0.1:0"): Promise<number> {
  const stop = new AbortController();
  stops.push(stop);
  const all: Pages = {
    metrics: { contentType: "text/plain; version=0.0.4", text: async () => "roamd_ready 1\n" },
    notReady: () => undefined,
    ...pages,
  };
  const served = await serveHttp(address, all, { signal: stop.signal });
  if (!served.ok) throw new Error(served.error);
  return served.value.port;
}

interface Reply {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

function get(
  port: number,
  path: string,
  { method = "GET", host = "127.0.0.1" } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode, type: response.headers["content-type"], body }),
      );
    });
    asked.on("error", reject).end();
  });
}

describe("Over HTTP", () => {
  it("/metrics is what Prometheus reads", async () => {
    expect(await get(await serve(), "/metrics")).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4",
      body: "roamd_ready 1\n",
    });
  });

  it("/healthz is 200 when roamd is ready, else 503 with the reason", async () => {
    let reason: string | undefined = "Waiting for gobgpd";
    const port = await serve({ notReady: () => reason });
    expect(await get(port, "/healthz")).toMatchObject({
      status: 503,
      body: "Waiting for gobgpd\n",
    });
    reason = undefined;
    expect(await get(port, "/healthz")).toMatchObject({ status: 200 });
  });

  it("nothing else is there, and nothing can be sent", async () => {
    const port = await serve();
    expect(await get(port, "/")).toMatchObject({ status: 404 });
    expect(await get(port, "/metrics", { method: "POST" })).toMatchObject({ status: 405 });
    expect(await get(port, "/healthz?verbose", { method: "HEAD" })).toMatchObject({
      status: 200,
      body: "",
    });
  });

  it("metrics that can not be gathered are an answer, not a crash", async () => {
    const port = await serve({
      metrics: { contentType: "text/plain", text: () => Promise.reject(new Error("no rows")) },
    });
    expect(await get(port, "/metrics")).toMatchObject({ status: 500 });
  });

  it("an IPv6 address is written in brackets", async () => {
    const port = await serve({}, "[::1]:0");
    expect(await get(port, "/healthz", { host: "::1" })).toMatchObject({ status: 200 });
  });

  it("nobody is served any more after the end", async () => {
    const port = await serve();
    for (const stop of stops) stop.abort();
    await expect(get(port, "/healthz")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("An address that can not be served on", () => {
  const pages: Pages = {
    metrics: { contentType: "", text: async () => "" },
    notReady: () => undefined,
  };

  it("is told in one sentence when its port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const served = await serveHttp(address, pages, { signal: new AbortController().signal });
    other.close();
    expect(served).toEqual({
      ok: false,
      error: `Cannot serve HTTP on ${address}: the port is in use`,
    });
  });

  it.each(["192.0.2.1:9479", "127.0.0.1:70000", "nonsense"])("is told: %s", async (address) => {
    const served = await serveHttp(address, pages, { signal: AbortSignal.abort() });
    expect(served).toMatchObject({
      ok: false,
      error: expect.stringContaining(`Cannot serve HTTP on ${address}: `),
    });
  });
});
