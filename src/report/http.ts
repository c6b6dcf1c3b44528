/** `/metrics` for Prometheus and `/healthz` for whoever restarts us. Nothing else, and no input. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { err, ok, type Result } from "../evpn/result.ts";

export interface Pages {
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Why roamd is not ready, in a sentence; `undefined`: it is. */
  readonly notReady: () => string | undefined;
}

export interface Serving {
  readonly address: string;
  /** The port, which the system has chosen where 0 was asked for. */
  readonly port: number;
}

/** Serves on `host:port` or `[IPv6 address]:port` until `signal` aborts. */
export async function serveHttp(
  address: string,
  pages: Pages,
  { signal }: { readonly signal: AbortSignal },
): Promise<Result<Serving>> {
  const server = createServer((request, response) => {
    answer(request, pages).then(
      ({ status, type, body }) => send(response, { status, type, body }),
      (error: unknown) => send(response, plain(500, `Cannot answer: ${String(error)}`)),
    );
  });
  const split = address.lastIndexOf(":");
  const host = address.slice(0, split).replace(/^\[(.*)\]$/, "$1");
  const problem = await listen(server, { host, port: Number(address.slice(split + 1)) });
  if (problem !== undefined) return err(`Cannot serve HTTP on ${address}: ${problem}`);

  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  const bound = server.address();
  return ok({ address, port: typeof bound === "object" ? (bound?.port ?? 0) : 0 });
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function plain(status: number, sentence: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${sentence}\n` };
}

async function answer(request: IncomingMessage, pages: Pages): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "Only GET");
  switch (request.url?.replace(/\?.*$/, "")) {
    case "/metrics": {
      const { metrics } = pages;
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    }
    case "/healthz": {
      const reason = pages.notReady();
      return reason === undefined ? plain(200, "Ready") : plain(503, reason);
    }
    default:
      return plain(404, "Here are /metrics and /healthz");
  }
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** Why it can not, if it can not. */
function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Kept on: an error while accepting later, such as too many open files, is not to end us.
    server.on("error", (error: NodeJS.ErrnoException) => resolve(reasonOf(error)));
    try {
      server.listen(at, () => resolve(undefined));
    } catch (error) {
      resolve(String(error));
    }
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EADDRINUSE":
      return "the port is in use";
    case "EADDRNOTAVAIL":
      return "this machine does not have the address";
    case "EACCES":
      return "the port is below 1024, which needs CAP_NET_BIND_SERVICE";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host is not known";
    default:
      return message;
  }
}
