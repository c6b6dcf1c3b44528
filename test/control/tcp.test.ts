/** Who may ask over TCP: real connections on 127.0.0.1, keys and certificates in a folder of the test. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Authorisation, NONCES_MAX, SKEW_MS } from "../../src/control/authorisation.ts";
import { ControlClient, ControlError } from "../../src/control/client.ts";
import type { Command } from "../../src/control/command.ts";
import { listen } from "../../src/control/server.ts";
import { COMMAND, decodeTexts, encodeTexts, SHOW } from "../../src/control/service.ts";
import { macOf } from "../../src/control/signature.ts";
import { readTarget, type TargetOptions } from "../../src/control/target.ts";
import type { TcpAccess } from "../../src/control/tcp.ts";
import type { ControlNotice } from "../../src/report/control-notice.ts";
import { Authority, type Files, hasOpenssl, tellIfSkipped } from "./certificates.ts";
import { T0, world } from "./world.ts";

const never = new AbortController().signal;
const KEY = "0123456789abcdef0123456789abcdef";
const STATUS = '{"what":"status","filter":{}}';
const CLEAR: Command = { kind: "clear-duplicate", address: "all", vni: undefined };

let folder = "";
let keyFile = "";
let clock = T0;
let tcp = "";
const told: ControlNotice[] = [];
const obeyed: string[] = [];
const open: AsyncDisposable[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roamd-tcp-"));
  keyFile = secret("shared.key", `${KEY}\n`);
  clock = T0;
});

afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
  told.length = 0;
  obeyed.length = 0;
  rmSync(folder, { recursive: true, force: true });
});

function secret(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** Listens at a port that is free, or answers why it does not. */
async function start(access: Partial<TcpAccess>, name = "roamd"): Promise<string> {
  const server = await listen({
    socket: join(folder, `${name}.sock`),
    mode: 0o600,
    group: undefined,
    tcp: { address: "127.0.0.1:0", tls: undefined, keyFile: undefined, ...access },
    now: () => clock,
    tell: (notice) => told.push(notice),
    snapshot: () => world(),
    paths: async () => new Map(),
    subscribe: () => () => {},
    command: (_command, by) => {
      obeyed.push(by);
      return { ok: true, value: { cleared: 0 } };
    },
  });
  if (!server.ok) return server.error;
  open.push(server.value);
  tcp = server.value.tcp ?? "";
  return "listens";
}

function client(options: Partial<TargetOptions> = {}, now = () => clock): ControlClient {
  const target = readTarget({ control: `tcp://${tcp}`, ...options }, now);
  if (!target.ok) throw new Error(target.error);
  return new ControlClient(target.value);
}

/** Asks for the status; answers how many rows came, or the error. */
async function ask(options: Partial<TargetOptions> = {}, now = () => clock): Promise<unknown> {
  using asking = client(options, now);
  try {
    let rows = 0;
    const request = { what: "status", filter: {} } as const;
    for await (const texts of asking.show(request, never)) rows += texts.length;
    return rows;
  } catch (error) {
    return error;
  }
}

async function order(options: Partial<TargetOptions> = {}): Promise<string> {
  using ordering = client(options);
  return await ordering.command(CLEAR, never);
}

/** A call as somebody makes it who does not use our client. */
async function send(
  metadata: Metadata,
  body = STATUS,
  method = SHOW,
): Promise<ServiceError | "answered"> {
  const sender = new Client(tcp, credentials.createInsecure());
  try {
    const call = sender.makeServerStreamRequest(
      method.path,
      (text: string) => encodeTexts([text]),
      decodeTexts,
      body,
      metadata,
    );
    for await (const _ of call);
    return "answered";
  } catch (error) {
    return error as ServiceError;
  } finally {
    sender.close();
  }
}

interface Signing {
  readonly key?: string;
  readonly listener?: string;
  readonly at?: number;
  readonly nonce?: string;
  readonly body?: string;
}

function signed(signing: Signing = {}): Metadata {
  const { key = KEY, listener = "", at = clock, nonce = "ab".repeat(16), body = STATUS } = signing;
  const asked = { method: SHOW.path, body };
  const metadata = new Metadata();
  metadata.set("roamd-listener", listener);
  metadata.set("roamd-time", String(at));
  metadata.set("roamd-nonce", nonce);
  const mac = macOf(Buffer.from(key), asked, { listener, at, nonce });
  metadata.set("roamd-signature", mac.toString("hex"));
  return metadata;
}

/** The name to sign for, as the one asked tells it to whoever has the key. */
async function listenerName(): Promise<string> {
  const refused = await send(signed());
  return refused === "answered" ? refused : String(refused.metadata.get("roamd-listener")[0]);
}

function reasons(): readonly string[] {
  return told.map(({ reason }) => reason);
}

/** Somebody who is there and says nothing. */
async function connected(): Promise<Socket> {
  const [host = "", port = ""] = tcp.split(":");
  const stranger = connect({ host, port: Number(port) });
  stranger.on("error", () => {}); // The server may hang up hard; that is its right.
  stranger.resume();
  await once(stranger, "connect");
  return stranger;
}

const REFUSED = { code: status.UNAUTHENTICATED };

describe("Over TCP on a loopback address, without a key or certificates,", () => {
  it("anybody is answered, and an order is told as theirs", async () => {
    expect(await start({})).toBe("listens");
    expect(await ask()).toBe(1);
    await order();
    expect(obeyed).toEqual(["anybody at 127.0.0.1"]);
  });

  it("what comes over the socket is told as that", async () => {
    await start({});
    using asking = new ControlClient(join(folder, "roamd.sock"));
    await asking.command(CLEAR, never);
    expect(obeyed).toEqual(["socket"]);
  });
});

describe("With a shared key", () => {
  it("whoever signs with it is answered, again and again, and told as the key", async () => {
    await start({ keyFile });
    expect(await ask({ keyFile })).toBe(1);
    expect(await ask({ keyFile })).toBe(1);
    expect(await order({ keyFile })).toBe('{"cleared":0}');
    expect(obeyed).toEqual(["key at 127.0.0.1"]);
    expect(told).toEqual([]);
  });

  it("whoever does not sign is refused, and that is told", async () => {
    await start({ keyFile });
    const error = await ask();
    expect(error).toBeInstanceOf(ControlError);
    expect(error).toMatchObject({
      kind: "not-allowed",
      message: "Cannot take the request: it is not signed: roam needs --key-file",
    });
    await expect(order()).rejects.toMatchObject({ kind: "not-allowed" });
    expect(obeyed).toEqual([]);
    const notice = { kind: "control-refused", reason: "no-signature", peer: "127.0.0.1" };
    expect(told).toEqual([notice, notice]);
  });

  it("the socket goes on as it was", async () => {
    await start({ keyFile });
    using asking = new ControlClient(join(folder, "roamd.sock"));
    expect(await asking.command(CLEAR, never)).toBe('{"cleared":0}');
  });

  it("another key is refused, and learns nothing", async () => {
    await start({ keyFile });
    const other = secret("other.key", "f".repeat(64));
    expect(await ask({ keyFile: other })).toMatchObject({ kind: "not-allowed" });
    const refused = await send(signed({ key: "f".repeat(64) }));
    expect(refused).toMatchObject(REFUSED);
    expect(refused !== "answered" && refused.metadata.get("roamd-listener")).toEqual([]);
    expect(reasons()).toEqual(["wrong-key", "wrong-key"]);
  });

  it("a request that is sent again is refused, whatever else is true of it", async () => {
    await start({ keyFile });
    const request = signed({ listener: await listenerName() });
    expect(await send(request)).toBe("answered");
    expect(await send(request)).toMatchObject(REFUSED);
    expect(reasons()).toEqual(["replayed"]);
  });

  it("a request is refused at another leaf, and after a restart", async () => {
    await start({ keyFile }, "leaf1");
    const request = signed({ listener: await listenerName() });
    expect(await send(request)).toBe("answered");
    await start({ keyFile }, "leaf2");
    expect(await send(request)).toMatchObject(REFUSED);
    expect(reasons()).toEqual(["other-listener"]);
  });

  it.each([SKEW_MS + 1, -SKEW_MS - 1])("a clock that is %d ms away is refused", async (skew) => {
    await start({ keyFile });
    const listener = await listenerName();
    expect(await send(signed({ listener, at: T0 + skew }))).toMatchObject({
      ...REFUSED,
      details:
        "Cannot take the request: it was signed 30 s away from the time here, at most 30 s may be",
    });
    expect(reasons()).toEqual(["clock"]);
    expect(await ask({ keyFile }, () => T0 + skew)).toMatchObject({ kind: "not-allowed" });
  });

  it.each([SKEW_MS, -SKEW_MS])("a clock that is %d ms away is taken", async (skew) => {
    await start({ keyFile });
    expect(await ask({ keyFile }, () => T0 + skew)).toBe(1);
  });

  it("a signature is for one request and no other", async () => {
    await start({ keyFile });
    const listener = await listenerName();
    expect(await send(signed({ listener }), '{"what":"macs"}')).toMatchObject(REFUSED);
    expect(await send(signed({ listener }), STATUS, COMMAND)).toMatchObject(REFUSED);
    const moved = signed({ listener });
    moved.set("roamd-time", String(T0 + 1));
    expect(await send(moved)).toMatchObject(REFUSED);
    const renamed = signed({ listener });
    renamed.set("roamd-nonce", "cd".repeat(16));
    expect(await send(renamed)).toMatchObject(REFUSED);
    expect(reasons()).toEqual(Array(4).fill("wrong-key"));
    expect(obeyed).toEqual([]);
  });

  it.each([
    ["roamd-signature", "zz"],
    ["roamd-signature", "ab".repeat(33)],
    ["roamd-time", "1e3"],
    ["roamd-time", "-1"],
    ["roamd-time", "9".repeat(40)],
    ["roamd-nonce", ""],
    ["roamd-nonce", "x".repeat(4000)],
    ["roamd-listener", "leaf1"],
  ])("%s: %j is refused as what can not be read", async (header, value) => {
    await start({ keyFile });
    const garbled = signed();
    garbled.set(header, value);
    expect(await send(garbled)).toMatchObject(REFUSED);
    expect(reasons()).toEqual(["signature-malformed"]);
    const doubled = signed();
    doubled.add(header, value);
    expect(await send(doubled)).toMatchObject(REFUSED);
    expect(await ask({ keyFile })).toBe(1);
  });

  it("bytes that are not HTTP/2 end nothing but their connection", async () => {
    await start({ keyFile });
    const [host = "", port = ""] = tcp.split(":");
    const stranger = connect({ host, port: Number(port) });
    stranger.on("error", () => {}); // The server may hang up hard; that is its right.
    stranger.resume();
    stranger.write("GET / HTTP/1.1\r\n\r\n\u0000\u00ff".repeat(100));
    await new Promise((resolve) => stranger.once("close", resolve));
    expect(await ask({ keyFile })).toBe(1);
  });
});

describe("Nonces", () => {
  const peer = { address: "192.0.2.9", certificate: { ok: true, value: "unused" } } as const;
  const asked = { method: SHOW.path, body: STATUS };

  it("are remembered up to a number; then what was signed before is worth nothing", () => {
    const key = Buffer.from(KEY);
    const tell = (notice: ControlNotice): number => told.push(notice);
    const judge = new Authorisation({ certificates: false, key, now: () => clock, tell });
    const nameNow = (): string => {
      const unnamed = judge.admit(peer, asked, signed());
      return unnamed.ok ? "none" : String(unnamed.error.metadata?.get("roamd-listener")[0]);
    };
    const listener = nameNow();
    const admits = (i: number): boolean => {
      const nonce = i.toString(16).padStart(32, "0");
      return judge.admit(peer, asked, signed({ listener, nonce })).ok;
    };
    for (let i = 1; i < NONCES_MAX; i++) expect(admits(i)).toBe(true);
    expect(admits(1)).toBe(false);
    expect(admits(NONCES_MAX)).toBe(true);
    expect([admits(1), admits(NONCES_MAX + 1)]).toEqual([false, false]);
    expect(reasons()).toEqual(["replayed", "other-listener", "other-listener"]);
    expect(nameNow()).not.toBe(listener);
  });

  it("do not stand in the way of a caller who goes on", async () => {
    await start({ keyFile }, "leaf1");
    const [host = "", port = ""] = tcp.split(":");
    using asking = client({ keyFile });
    expect(await asking.command(CLEAR, never)).toBe('{"cleared":0}');
    for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
    await start({ keyFile, address: `${host}:${port}` }, "leaf1");
    await vi.waitFor(async () => {
      expect(await asking.command(CLEAR, never)).toBe('{"cleared":0}');
    });
  });
});

describe("A connection", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("of somebody who asks nothing is ended", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await start({ keyFile });
    const stranger = await connected();
    const closed = once(stranger, "close");
    // The server hears of it a little later than we do.
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(10_000);
    await closed;
  });

  it("does not outlive the server, however little was said on it", async () => {
    await start({});
    const closed = once(await connected(), "close");
    for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
    await closed;
  });
});

describe("A key file", () => {
  it.each([
    [0o644, "0644"],
    [0o604, "0604"],
    [0o660, "0660"],
  ])("that others may use (%o) is refused at both ends", async (mode, shown) => {
    const path = secret("open.key", KEY, mode);
    const sentence = `Cannot use ${path}: its mode is ${shown}, so others may use it: chmod 0600 ${path}`;
    expect(await start({ keyFile: path })).toBe(sentence);
    expect(readTarget({ control: "tcp://leaf1:1", keyFile: path }, () => 0)).toEqual({
      ok: false,
      error: sentence,
    });
  });

  it("may be read by a group", async () => {
    expect(await start({ keyFile: secret("group.key", KEY, 0o640) })).toBe("listens");
  });

  it("must hold a key worth the name", async () => {
    const path = secret("short.key", "secret\n");
    expect(await start({ keyFile: path })).toBe(
      `Cannot use ${path}: it has 6 bytes, a key at least 32: openssl rand -hex 32 > ${path}`,
    );
  });

  it("must be there, and a file", async () => {
    const path = join(folder, "none.key");
    expect(await start({ keyFile: path })).toBe(`Cannot use ${path}: ENOENT`);
    chmodSync(folder, 0o700);
    expect(await start({ keyFile: folder })).toBe(`Cannot use ${folder}: it is not a file`);
  });

  it("that is no good leaves no socket behind", async () => {
    await start({ keyFile: join(folder, "none.key") });
    expect(await start({ keyFile })).toBe("listens");
  });
});

describe("An address", () => {
  it("that is taken is named", async () => {
    await start({});
    expect(await start({ address: tcp }, "other")).toBe(`Cannot listen on ${tcp}: EADDRINUSE`);
  });

  it("where nobody is can not be reached", async () => {
    await start({});
    for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
    expect(await ask()).toMatchObject({
      kind: "not-reachable",
      message: `Cannot reach roamd at tcp://${tcp}: ECONNREFUSED`,
    });
  });

  it.each<[TargetOptions, string]>([
    [{ control: "tcp://leaf1" }, 'Cannot reach roamd at "tcp://leaf1": it is not tcp://host:port'],
    [
      { control: "/run/a.sock", keyFile: "/k" },
      "Cannot use --key-file with the socket /run/a.sock: it is for tcp://host:port",
    ],
    [
      { control: "tcp://leaf1:1", tlsKey: "/k" },
      "Cannot use TLS: --tls-certificate and --tls-key are needed together",
    ],
    [{ control: "tcp://leaf1:1", tlsCa: "/none" }, "Cannot use /none: ENOENT"],
  ])("that can not be used as typed is refused: %j", (options, error) => {
    expect(readTarget(options, () => 0)).toEqual({ ok: false, error });
  });
});

tellIfSkipped();
describe.skipIf(!hasOpenssl)("With certificates", () => {
  let shelf = "";
  let ours: Authority;
  let leaf: Files;
  let alice: Files;

  beforeAll(() => {
    shelf = mkdtempSync(join(tmpdir(), "roamd-certificates-"));
    ours = new Authority(shelf, "ours");
    leaf = ours.issue("leaf1");
    alice = ours.issue("alice");
  });

  afterAll(() => {
    rmSync(shelf, { recursive: true, force: true });
  });

  const startTls = (more: Partial<TcpAccess> = {}): Promise<string> =>
    start({ tls: { ca: ours.certificate, ...leaf }, ...more });
  const by = ({ certificate, key }: Files): Partial<TargetOptions> => ({
    tlsCa: ours.certificate,
    tlsCertificate: certificate,
    tlsKey: key,
  });

  it("whoever has one is answered, and told by the name in it", async () => {
    expect(await startTls()).toBe("listens");
    expect(await ask(by(alice))).toBe(1);
    await order(by(alice));
    expect(obeyed).toEqual(["CN=alice at 127.0.0.1"]);
    expect(told).toEqual([]);
  });

  it("whoever shows none is refused", async () => {
    await startTls();
    expect(await ask({ tlsCa: ours.certificate })).toMatchObject({
      kind: "not-allowed",
      message:
        "Cannot take the request: no certificate was shown: roam needs --tls-certificate and --tls-key",
    });
    expect(reasons()).toEqual(["no-certificate"]);
  });

  it("that of another CA is refused, and so is one that is over", async () => {
    await startTls();
    const theirs = new Authority(shelf, "theirs").issue("mallory");
    expect(await ask(by(theirs))).toMatchObject({ kind: "not-allowed" });
    const old = ours.issue("bob", { days: -1 });
    expect(await ask(by(old))).toMatchObject({
      kind: "not-allowed",
      message: "Cannot take the request: the certificate is not trusted: CERT_HAS_EXPIRED",
    });
    expect(reasons()).toEqual(["certificate-not-trusted", "certificate-not-trusted"]);
    expect(obeyed).toEqual([]);
  });

  it("who does not even begin with TLS does not outlive the server", async () => {
    await startTls();
    const closed = once(await connected(), "close");
    for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
    await closed;
  });

  it("who speaks no TLS gets no answer", async () => {
    await startTls();
    expect(await ask()).toMatchObject({ kind: "not-reachable" });
    expect(await ask(by(alice))).toBe(1);
  });

  it("a roamd of another CA is not believed", async () => {
    const other = new Authority(shelf, "elsewhere");
    await start({ tls: { ca: ours.certificate, ...other.issue("leaf9") } });
    expect(await ask(by(alice))).toMatchObject({ kind: "not-reachable" });
  });

  it("a roamd is not believed that has the certificate of another", async () => {
    const other = ours.issue("leaf8", { ip: "192.0.2.8" });
    await start({ tls: { ca: ours.certificate, ...other } });
    expect(await ask(by(alice))).toMatchObject({
      kind: "not-reachable",
      message: expect.stringContaining("127.0.0.1 is not in the cert's list"),
    });
  });

  it("and a key, both are needed", async () => {
    await startTls({ keyFile });
    expect(await ask(by(alice))).toMatchObject({ kind: "not-allowed" });
    expect(await ask({ tlsCa: ours.certificate, keyFile })).toMatchObject({ kind: "not-allowed" });
    expect(await ask({ ...by(alice), keyFile })).toBe(1);
    expect(reasons()).toEqual(["no-signature", "no-certificate"]);
  });

  it("a key that others may read is refused", async () => {
    const path = secret("leaf.key", "");
    chmodSync(path, 0o644);
    expect(await start({ tls: { ca: ours.certificate, ...leaf, key: path } })).toMatch(
      /its mode is 0644, so others may use it/,
    );
  });

  it("a key of another certificate is refused", async () => {
    expect(await start({ tls: { ca: ours.certificate, ...leaf, key: alice.key } })).toMatch(
      /^Cannot use .*leaf1-of-ours\.pem with .*alice\.key: /,
    );
  });
});
