/** Certificates made for a test, by openssl where it is there. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const hasOpenssl: boolean = spawnSync("openssl", ["version"]).status === 0;

/** Whoever skips for want of it says so, for nobody looks for what is missing. */
export function tellIfSkipped(): void {
  if (!hasOpenssl) console.warn("SKIPPED: the tests with certificates, for there is no openssl");
}

export interface Files {
  readonly certificate: string;
  readonly key: string;
}

interface Issue {
  /** How long it is good; below 0: it is over. */
  readonly days?: number;
  readonly ip?: string;
}

/** A CA of its own. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly certificate: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.certificate = join(folder, `${name}.pem`);
    const key = newKey(folder, name);
    openssl(["req", "-x509", "-key", key, "-subj", `/CN=${name}`, "-out", this.certificate]);
  }

  /** A certificate for a person, or for who listens at an address. */
  issue(name: string, { days = 1, ip = "127.0.0.1" }: Issue = {}): Files {
    const folder = this.#folder;
    const key = newKey(folder, name);
    const request = join(folder, `${name}.csr`);
    openssl(["req", "-new", "-key", key, "-subj", `/CN=${name}`, "-out", request]);
    const extensions = join(folder, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=IP:${ip}\n`);
    const certificate = join(folder, `${name}-of-${this.#name}.pem`);
    const by = ["-CA", this.certificate, "-CAkey", join(folder, `${this.#name}.key`)];
    openssl([
      ...["x509", "-req", "-in", request, ...by, "-set_serial", "7", "-days", String(days)],
      ...["-extfile", extensions, "-out", certificate],
    ]);
    return { certificate, key };
  }
}

function newKey(folder: string, name: string): string {
  const key = join(folder, `${name}.key`);
  openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
  chmodSync(key, 0o600);
  return key;
}

function openssl(words: readonly string[]): void {
  execFileSync("openssl", words, { stdio: "pipe" });
}
