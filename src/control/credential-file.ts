/** The files by which one may: certificates, and keys that nobody else on this machine may read. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { err, ok, type Result } from "../evpn/result.ts";
import { codeOf } from "./socket.ts";

/** A shared key is a line, a private key some of them. */
const SIZE_MAX = 64 * 1024;
/** As many as SHA-256 gives: a shorter key would be what an attacker guesses. */
const KEY_BYTES_MIN = 32;
/** Whatever others may do, and what the group may besides reading. */
const TOO_OPEN = 0o037;

/** What is in the file, if only its owner, and whoever the owner lets, may read it. */
export function readSecret(path: string): Result<Buffer> {
  let file: number | undefined;
  try {
    // Without waiting: what stands there may be a pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { mode, size } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refuse(path, "it is not a file");
    if ((mode & TOO_OPEN) !== 0) {
      const bits = (mode & 0o777).toString(8).padStart(4, "0");
      return refuse(path, `its mode is ${bits}, so others may use it: chmod 0600 ${path}`);
    }
    if (size > SIZE_MAX) return refuse(path, `it has ${size} bytes, a key has at most ${SIZE_MAX}`);
    return ok(readFileSync(file));
  } catch (error) {
    return refuse(path, codeOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The shared key: all bytes of the file but the white space at its end. */
export function readKeyFile(path: string): Result<Buffer> {
  const read = readSecret(path);
  if (!read.ok) return read;
  let end = read.value.length;
  while (end > 0 && " \t\r\n".includes(String.fromCharCode(read.value[end - 1] ?? 0))) end--;
  const key = read.value.subarray(0, end);
  if (key.length >= KEY_BYTES_MIN) return ok(key);
  const remedy = `openssl rand -hex 32 > ${path}`;
  return refuse(path, `it has ${key.length} bytes, a key at least ${KEY_BYTES_MIN}: ${remedy}`);
}

/** A certificate may be read by anybody. */
export function readCertificate(path: string): Result<Buffer> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return refuse(path, codeOf(error));
  }
}

function refuse(path: string, reason: string): Result<never> {
  return err(`Cannot use ${path}: ${reason}`);
}
