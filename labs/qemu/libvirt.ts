/** The guest as a domain of libvirt, with a libvirtd in each of two leaves, and our hook in both. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Fabric } from "../runner/fabric.ts";
import { poll } from "../runner/poll.ts";
import { type Leaf, VTEPS } from "../runner/scene.ts";
import { GUEST } from "./guest.ts";

const DOMAIN = "guest";
const PROGRAMS = ["libvirtd", "virsh"];

/** Says in one sentence what is missing to run libvirt here. */
export function libvirtMissing(): string | undefined {
  try {
    execFileSync("sh", [
      "-c",
      `PATH=$PATH:/usr/sbin; command -v ${PROGRAMS.join(" && command -v ")}`,
    ]);
    return undefined;
  } catch {
    return "libvirt is missing (apt-get install --no-install-recommends libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients)";
  }
}

export class Libvirt {
  readonly #fabric: Fabric;

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
  }

  /** Resolves when libvirtd answers in both leaves. */
  static async start(fabric: Fabric, leaves: readonly Leaf[]): Promise<Libvirt> {
    await Promise.all(
      leaves.map((leaf) => {
        const number = leaf.slice(-1).repeat(12);
        const uuid = `00000000-0000-4000-8000-${number}`;
        return fabric.run(leaf, ["sh", "/roamd/labs/qemu/libvirtd.sh", uuid]);
      }),
    );
    return new Libvirt(fabric);
  }

  /** Resolves when the guest has booted. */
  async boot(leaf: Leaf, image: string): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "roamd-libvirt-"));
    try {
      const path = join(directory, "domain.xml");
      writeFileSync(path, domain(image));
      await this.#fabric.run(leaf, ["virsh", "create", path]);
    } finally {
      rmSync(directory, { recursive: true });
    }
    const fabric = this.#fabric;
    await poll("the guest to boot", () => fabric.logs(leaf).includes("The guest is up"), {
      timeoutMs: 90_000,
      everyMs: 200,
      otherwise: () => fabric.logs(leaf).slice(-2000),
    });
  }

  /** As a person does it who can reach both: `virsh migrate --live`. */
  async migrate(from: Leaf, to: Leaf): Promise<void> {
    const way = ["--migrateuri", `tcp://${VTEPS[to]}`];
    const words = ["-c", this.#uri(from), "migrate", "--live", DOMAIN, this.#uri(to), ...way];
    await promisify(execFile)("virsh", words);
  }

  async destroy(leaf: Leaf): Promise<void> {
    await this.#fabric.run(leaf, ["virsh", "destroy", DOMAIN]);
  }

  /** What hook and listener have said to roamd of that leaf, in its order. */
  async words(leaf: Leaf): Promise<readonly string[]> {
    const log = await this.#fabric.exec(leaf, ["cat", "/run/log/words.log"]);
    return [...log.stdout.matchAll(/^roam (.*)$/gm)].map(([, words = ""]) => words);
  }

  #uri(leaf: Leaf): string {
    const socket = `/proc/${this.#fabric.pid(leaf)}/root/run/libvirt/libvirt-sock`;
    return `qemu+unix:///system?socket=${socket}`;
  }
}

function domain(image: string): string {
  return `<domain type='qemu'>
  <name>${DOMAIN}</name>
  <uuid>0a650a65-0a65-4a65-8a65-0a650a650a65</uuid>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>${image}/vmlinuz</kernel>
    <initrd>${image}/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 guest_addresses=${GUEST.ipv4}/24,${GUEST.ipv6}/64</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='maximum'/>
  <devices>
    <interface type='bridge'>
      <mac address='${GUEST.mac}'/>
      <source bridge='br10'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='file'><source path='/run/log/guest.log'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
`;
}
