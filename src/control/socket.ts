/** The unix socket that `roamd` listens on: whose it is, and who may open it. */
import { access, chmod, chown, constants, lstat, mkdir, readFile, unlink } from "node:fs/promises";
import { connect, type NetConnectOpts } from "node:net";
import { dirname } from "node:path";
import { err, ok, type Result } from "../evpn/result.ts";

/** `sun_path` has 108 bytes, of which the last is 0 (unix(7)). */
const PATH_MAX_BYTES = 107;

/** Makes the path free to listen on: its folder is there, and nobody else's socket. */
export async function clearPath(path: string): Promise<Result<undefined>> {
  const length = Buffer.byteLength(path);
  if (length > PATH_MAX_BYTES) {
    return refuse(path, `the path has ${length} bytes, a socket's has at most ${PATH_MAX_BYTES}`);
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await access(dirname(path), constants.W_OK);
    const there = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    });
    if (there === undefined) return ok(undefined);
    if (!there.isSocket()) return refuse(path, "something that is not a socket stands there");
    // A process that was killed leaves its socket behind: nobody answers there any more.
    const refused = await tryConnect({ path });
    if (refused === undefined) return refuse(path, "another roamd is running");
    if (refused !== "ECONNREFUSED") return refuse(path, refused);
    await unlink(path);
    return ok(undefined);
  } catch (error) {
    return refuse(path, codeOf(error));
  }
}

export interface Access {
  /** As chmod(2) takes it. Who may write to the socket may open it (unix(7)). */
  readonly mode: number;
  /** A name of /etc/group or a number; `undefined`: the daemon's own. */
  readonly group: string | undefined;
}

export async function allowAccess(
  path: string,
  { mode, group }: Access,
): Promise<Result<undefined>> {
  try {
    if (group !== undefined) {
      const gid = await groupId(group);
      if (gid === undefined) return refuse(path, `there is no group "${group}"`);
      await chown(path, -1, gid);
    }
    await chmod(path, mode);
    return ok(undefined);
  } catch (error) {
    return refuse(path, codeOf(error));
  }
}

/** Node has no getgrnam(3). */
async function groupId(group: string): Promise<number | undefined> {
  if (/^\d+$/.test(group)) return Number(group);
  const lines = (await readFile("/etc/group", "utf8")).split("\n");
  const fields = lines.map((line) => line.split(":")).find(([name]) => name === group);
  return fields?.[2] === undefined ? undefined : Number(fields[2]);
}

/** Answers why nobody can be reached there, by the name of the errno; `undefined`: somebody can. */
export function tryConnect(to: NetConnectOpts): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const settle = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => settle(undefined));
    socket.once("error", (error) => settle(codeOf(error)));
  });
}

function refuse(path: string, reason: string): Result<never> {
  return err(`Cannot listen on ${path}: ${reason}`);
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
