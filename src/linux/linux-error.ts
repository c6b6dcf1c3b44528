/** What Linux answers when it will not: an errno, and at times a sentence (extended ack). */
import { getSystemErrorName } from "node:util";

export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ENXIO: 6,
  EAGAIN: 11,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENOBUFS: 105,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
} as const;

/** `ENOBUFS` for 105. */
export function errnoName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    // Node knows only the numbers libuv does.
    return `errno ${errno}`;
  }
}

/** A conversation with the kernel that broke, or could not begin. */
export class LinuxError extends Error {
  readonly action: string;
  readonly errno: number;
  readonly detail: string | undefined;

  constructor(action: string, errno: number, detail?: string) {
    super(`${action}: ${errnoName(errno)}${detail === undefined ? "" : ` (${detail})`}`);
    this.name = "LinuxError";
    this.action = action;
    this.errno = errno;
    this.detail = detail;
  }
}

/** Throws for what a socket call answers if it is a negative errno. */
export function check(action: string, result: number): number {
  if (result < 0) throw new LinuxError(action, -result);
  return result;
}
