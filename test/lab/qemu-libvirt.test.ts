/** Real libvirt migrates a real guest; its hook and our listener give the word, and roamd acts on it. */
import { afterAll, describe, expect, it } from "vitest";
import { Caller, isWhole } from "../../labs/qemu/call.ts";
import { GUEST, guestImage } from "../../labs/qemu/guest.ts";
import { Libvirt, libvirtMissing } from "../../labs/qemu/libvirt.ts";
import { poll } from "../../labs/runner/poll.ts";
import { type Leaf, VTEPS, withScene } from "./fabric.ts";

const image = imageOrReason();

/** `undefined`, after saying why, where there is no libvirt, no QEMU or no kernel for a guest. */
function imageOrReason(): string | undefined {
  try {
    const missing = libvirtMissing();
    if (missing !== undefined) throw new Error(missing);
    return guestImage();
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    console.warn(`SKIPPED: tests with libvirt: ${stderr?.trim() || String(error)}`);
    return undefined;
  }
}

describe.skipIf(image === undefined)("a guest of libvirt", () => {
  const scene = withScene();
  // Set by the first test.
  let libvirt: Libvirt;
  let caller: Caller | undefined;
  afterAll(() => caller?.close());

  /** What roamd of that leaf was told, once that is as much as is expected. */
  async function words(leaf: Leaf, count: number): Promise<readonly string[]> {
    let said: readonly string[] = [];
    await poll(
      `${count} words at ${leaf}`,
      async () => {
        said = await libvirt.words(leaf);
        return said.length >= count;
      },
      { otherwise: () => JSON.stringify(said) },
    );
    return said;
  }

  async function untilAt(leaf: Leaf): Promise<void> {
    const routes = () => scene().rib.routesOf(GUEST.mac);
    await poll(
      `the guest at ${leaf}`,
      () => routes().length > 1 && routes().every(({ vtep }) => vtep === VTEPS[leaf]),
      { otherwise: () => JSON.stringify(routes()) },
    );
  }

  it("is attached when it is started, before it says anything", async () => {
    const { fabric } = scene();
    libvirt = await Libvirt.start(fabric, ["leaf1", "leaf2"]);
    await libvirt.boot("leaf1", image ?? "");
    expect(await words("leaf1", 1)).toEqual([`attach ${GUEST.mac} --port vnet0`]);
    caller = new Caller(fabric, { node: "host3", to: GUEST.ipv4 });
    await caller.talk();
    await caller.hear(1_000);
    await untilAt("leaf1");
  });

  it("moves with its TCP connection, and both leaves are told how far it is", async () => {
    await libvirt.migrate("leaf1", "leaf2");
    await untilAt("leaf2");
    expect(await words("leaf1", 3)).toEqual([
      `attach ${GUEST.mac} --port vnet0`,
      `migrate suspend ${GUEST.mac}`,
      `migrate commit ${GUEST.mac}`,
    ]);
    expect(await words("leaf2", 3)).toEqual([
      `migrate start ${GUEST.mac}`,
      `migrate land ${GUEST.mac} --port vnet0`,
      `migrate commit ${GUEST.mac}`,
    ]);
    await caller?.hear(1_000);
    expect(await caller?.hush()).toSatisfy(isWhole);
  });

  it("is detached when it is destroyed, and its routes are gone", async () => {
    await libvirt.destroy("leaf2");
    expect((await words("leaf2", 4)).at(-1)).toBe(`detach ${GUEST.mac} --port vnet0`);
    await poll(
      "all routes of the guest to go",
      () => scene().rib.routesOf(GUEST.mac).length === 0,
      { otherwise: () => JSON.stringify(scene().rib.routesOf(GUEST.mac)) },
    );
  });
});
