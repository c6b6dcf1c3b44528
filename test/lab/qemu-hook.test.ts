/**
 * libvirt's hook, called as libvirt 9.0 was seen to call it, with a program in place of `roam` that
 * writes down what it is told. That libvirt itself calls it so: `qemu-libvirt.test.ts`.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";

const TWO_INTERFACES = `<domain type='kvm' id='3'>
  <name>web 1</name>
  <devices>
    <disk type='file'><target dev='vda' bus='virtio'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:0a:65'/>
      <source bridge='br10'/>
      <target dev='vnet0'/>
    </interface>
    <interface type="bridge"><mac address="52:54:00:00:0a:66"/><target dev="vnet1"/></interface>
    <console type='pty'><target type='serial' port='0'/></console>
  </devices>
</domain>
`;
/** Before QEMU is started, and after it has ended, there are no ports. */
const WITHOUT_PORTS = TWO_INTERFACES.replace(/<target dev=.vnet\d.\/>/g, "");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "roamd-hook-"));
  copyFileSync(inRepository("configs/hooks/qemu"), join(directory, "qemu"));
  configure("");
});
afterEach(() => rmSync(directory, { recursive: true }));

function configure(more: string): void {
  const roam = join(directory, "roam");
  writeFileSync(roam, `echo "$*" >>${directory}/said\necho "told"\nexit 3\n`);
  const settings = `ROAM="sh ${roam}"\nROAM_HOOK_STATE=${directory}/state\n${more}\n`;
  writeFileSync(join(directory, "roam.conf"), settings);
}

/** Answers what it printed, which libvirt would take for a domain. */
function call(operation: string, sub: string, xml: string): string {
  const words = [join(directory, "qemu"), "web 1", operation, sub, "-"];
  return execFileSync("sh", words, {
    input: xml,
    encoding: "utf8",
    env: { PATH: process.env.PATH },
    stdio: ["pipe", "pipe", "ignore"],
  });
}

function said(): readonly string[] {
  const path = join(directory, "said");
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

function start(): void {
  call("prepare", "begin", WITHOUT_PORTS);
  call("start", "begin", TWO_INTERFACES);
  call("started", "begin", TWO_INTERFACES);
}

function stop(): void {
  call("stopped", "end", WITHOUT_PORTS);
  call("release", "end", WITHOUT_PORTS);
}

describe("libvirt's hook", () => {
  it("attaches every interface of a guest that is started, and detaches them when it ends", () => {
    start();
    const attached = [
      "attach 52:54:00:00:0a:65 --port vnet0",
      "attach 52:54:00:00:0a:66 --port vnet1",
    ];
    expect(said()).toEqual(attached);
    stop();
    expect(said()).toEqual([
      ...attached,
      "detach 52:54:00:00:0a:65 --port vnet0",
      "detach 52:54:00:00:0a:66 --port vnet1",
    ]);
  });

  it("attaches what it finds when libvirt comes back", () => {
    call("reconnect", "begin", TWO_INTERFACES);
    expect(said()).toHaveLength(2);
  });

  it("does not attach a guest that waits for its memory, only says that it comes", () => {
    expect(call("migrate", "begin", WITHOUT_PORTS)).toBe("");
    start();
    expect(said()).toEqual(["migrate start 52:54:00:00:0a:65", "migrate start 52:54:00:00:0a:66"]);
  });

  it("aborts where a guest was to come and has not", () => {
    call("migrate", "begin", WITHOUT_PORTS);
    start();
    stop();
    expect(said().slice(2)).toEqual([
      "migrate abort 52:54:00:00:0a:65",
      "migrate abort 52:54:00:00:0a:66",
      "detach 52:54:00:00:0a:65 --port vnet0",
      "detach 52:54:00:00:0a:66 --port vnet1",
    ]);
  });

  it("commits where the listener has seen the guest go", () => {
    start();
    writeFileSync(join(directory, "state", "web 1.going"), "");
    stop();
    expect(said().slice(2)).toEqual([
      "migrate commit 52:54:00:00:0a:65",
      "migrate commit 52:54:00:00:0a:66",
    ]);
  });

  it("says the leaf's port instead of its own where the leaf is another machine", () => {
    configure("PORT=swp3");
    call("started", "begin", TWO_INTERFACES);
    expect(said()[0]).toBe("attach 52:54:00:00:0a:65 --port swp3");
  });

  it("neither fails nor prints, whatever comes of it", () => {
    for (const xml of ["", "<domain/>", "no XML at all", TWO_INTERFACES.slice(0, 250)]) {
      expect(call("started", "begin", xml)).toBe("");
      expect(call("stopped", "end", xml)).toBe("");
    }
  });
});
