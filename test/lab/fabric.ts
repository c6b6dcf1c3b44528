/**
 * What the tests of the lab evpn-l2 begin with: the scene, with one gobgpd version or another on
 * the leaves under test. They run inside namespaces of their own (`test/run.sh`).
 */
import { afterAll, beforeAll, describe, onTestFailed } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { RibRoute } from "../../labs/runner/rib-watch.ts";
import { type Leaf, Scene, type SceneOptions, VM, VTEPS } from "../../labs/runner/scene.ts";
import { GOBGPD_VERSIONS, gobgpdOf } from "./gobgp-daemon.ts";

export type { Leaf };
export { VM, VTEPS };

/** The scene of a `describe`, set before its first test and struck after its last. */
export function withScene(options: SceneOptions = {}): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    scene = await Scene.set(options);
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());
  return () => {
    const set = scene;
    if (set === undefined) throw new Error("Cannot test: the scene was not set");
    onTestFailed(() => {
      for (const leaf of ["leaf1", "leaf2", "leaf3"]) console.error(set.fabric.logs(leaf));
    });
    return set;
  };
}

/** The tests for every gobgpd that can be had, each on both leaves with roamd. */
export function describeWithEveryGobgpd(
  what: string,
  tests: (env: Readonly<Record<string, string>>) => void,
): void {
  for (const version of GOBGPD_VERSIONS) {
    const binary = gobgpdOf(version);
    const env = { GOBGPD_LEAF1: binary ?? "", GOBGPD_LEAF2: binary ?? "" };
    describe.skipIf(binary === undefined)(`${what}, with ${version.name}`, () => tests(env));
  }
}

/** The machine's routes of one leaf at the spine, in a fixed order: ip and sequence number. */
export function routesFrom(scene: Scene, leaf: Leaf): readonly Pick<RibRoute, "ip" | "seq">[] {
  return scene.rib
    .routesOf(VM.mac)
    .filter((route) => route.vtep === VTEPS[leaf])
    .map(({ ip, seq }) => ({ ip, seq }))
    .sort((a, b) => (a.ip ?? "").localeCompare(b.ip ?? ""));
}

/** Until the spine has exactly these routes of that leaf for the machine. */
export async function untilRoutes(
  scene: Scene,
  leaf: Leaf,
  routes: readonly Pick<RibRoute, "ip" | "seq">[],
): Promise<void> {
  const wanted = JSON.stringify(routes);
  await poll(
    `the spine to have ${wanted} of ${leaf}`,
    () => JSON.stringify(routesFrom(scene, leaf)) === wanted,
    { otherwise: () => JSON.stringify(routesFrom(scene, leaf)) },
  );
}

/** The routes a roamd leaf advertises for the machine: of the MAC alone, and with each address. */
export function allRoutes(seq: number | null): readonly Pick<RibRoute, "ip" | "seq">[] {
  return [
    { ip: null, seq },
    { ip: VM.ipv4, seq },
    { ip: VM.ipv6, seq },
  ];
}

/** All that the kernel of a leaf has been told of the segment, as text that can be compared. */
export async function kernelTables(scene: Scene, leaf: Leaf): Promise<string> {
  const tables = [
    ["bridge", "fdb", "show"],
    ["ip", "-4", "neigh", "show", "dev", "br10"],
    ["ip", "-6", "neigh", "show", "dev", "br10"],
  ];
  const texts = await Promise.all(tables.map((command) => scene.fabric.run(leaf, command)));
  return texts.map((text) => text.split(/ *\n/).sort().join("\n")).join("\n--\n");
}
