/**
 * The lab of containers, by a real Docker engine: that it comes up healthy, that a machine is followed
 * through it, that its daemons may no more than they need, and that the traps of Docker's networks are
 * avoided (labs/compose/README.md names them).
 */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { compose, exec } from "./compose.ts";

const VM = "02:00:00:00:01:00";
const engine = spawnSync("docker", ["version"], { encoding: "utf8" });
if (engine.status !== 0) console.warn("SKIPPED: no Docker engine can be reached");

interface Mac {
  readonly mac: string;
  readonly whereabouts: string;
  readonly port: string | null;
  readonly vtep: string | null;
  readonly seq: number | null;
}

async function machineAt(leaf: string): Promise<Mac | undefined> {
  const json = await exec(`${leaf}-roamd`, "roam", "--json", "show", "macs", "--mac", VM);
  return (JSON.parse(json) as readonly Mac[])[0];
}

/** Until the leaf has the machine there: a port of its own, or another leaf. */
async function untilAt(leaf: string, place: string, seq: number): Promise<void> {
  let last: Mac | undefined;
  await poll(
    `${leaf} to have the machine at ${place}`,
    async () => {
      last = await machineAt(leaf).catch(() => undefined);
      return (last?.port ?? last?.vtep) === place && last?.seq === seq;
    },
    { everyMs: 500, timeoutMs: 60_000, otherwise: () => JSON.stringify(last) },
  );
}

/** The capabilities a service's first process may ever have. */
async function capabilitiesOf(service: string): Promise<Readonly<Record<string, string>>> {
  const status = await exec(service, "cat", "/proc/1/status");
  const sets = [...status.matchAll(/^Cap(Eff|Bnd):\t(\S+)$/gm)];
  return Object.fromEntries(sets.map(([, set, bits]) => [set, BigInt(`0x${bits}`).toString(16)]));
}

describe.skipIf(engine.status !== 0)("The lab of containers", () => {
  beforeAll(async () => {
    // Without a registry the image has been built before (docker-engine.sh), with the same arguments.
    const built = process.env.BUILD_NETWORK === "host" ? ["--no-build"] : ["--build"];
    await compose("up", "-d", "--wait", ...built);
  });
  afterAll(() => compose("down", "--volumes", "--timeout", "1"));

  function tellOnFailure(): void {
    onTestFailed(async () => console.error(await compose("logs", "--tail", "50")));
  }

  it("is healthy, all of it", async () => {
    tellOnFailure();
    const lines = (await compose("ps", "--all", "--format", "json")).trim().split("\n");
    const services = lines.map(
      (line) => JSON.parse(line) as { Service: string; Health: string; State: string },
    );
    expect(services.map(({ Service }) => Service).sort()).toEqual(
      "host1 host2 leaf1 leaf1-gobgpd leaf1-roamd leaf2 leaf2-gobgpd leaf2-roamd spine vm".split(
        " ",
      ),
    );
    for (const { Service, Health, State } of services) {
      expect(State, Service).toBe("running");
      if (!Service.endsWith("-gobgpd")) expect(Health, Service).toBe("healthy");
    }
  });

  it("lets roamd have CAP_NET_ADMIN and CAP_NET_RAW alone, and gobgpd nothing", async () => {
    tellOnFailure();
    for (const leaf of ["leaf1", "leaf2"]) {
      // The 12th bit and the 13th.
      expect(await capabilitiesOf(`${leaf}-roamd`)).toEqual({ Eff: "3000", Bnd: "3000" });
      expect(await capabilitiesOf(`${leaf}-gobgpd`)).toEqual({ Eff: "0", Bnd: "0" });
    }
    await expect(exec("leaf1-roamd", "touch", "/usr/local/x")).rejects.toThrow("Read-only");
  });

  it("follows the machine from leaf to leaf, and back", async () => {
    tellOnFailure();
    await exec("host2", "ping", "-c", "1", "-w", "30", "192.168.10.1");
    // Where it is already; only so that all know it there.
    await exec("vm", "sh", "/lab/move.sh", "leaf1");
    await untilAt("leaf1", "eth2", 0);
    await untilAt("leaf2", "10.255.0.1", 0);
    await exec("vm", "sh", "/lab/move.sh", "leaf2");
    await untilAt("leaf2", "eth2", 1);
    await untilAt("leaf1", "10.255.0.2", 1);
    await exec("host2", "ping", "-c", "1", "-w", "10", "192.168.10.100");
    await exec("vm", "sh", "/lab/move.sh", "leaf1");
    await untilAt("leaf1", "eth2", 2);
    await untilAt("leaf2", "10.255.0.1", 2);
  });

  it("carries whole frames through the tunnel: the uplinks have room for VXLAN's header", async () => {
    tellOnFailure();
    const whole = ["ping", "-c", "1", "-w", "10", "-M", "do", "-s", "1472"];
    await exec("vm", ...whole, "192.168.10.2");
  });

  it("forwards on while roamd is killed, and has the same place and number afterwards", async () => {
    tellOnFailure();
    await compose("kill", "leaf1-roamd");
    await exec("host2", "ping", "-c", "1", "-w", "10", "192.168.10.100");
    await compose("up", "-d", "--wait", "--no-build", "leaf1-roamd");
    await untilAt("leaf1", "eth2", 2);
  });

  it("starts a leaf again with both its daemons, in the network that is new", async () => {
    tellOnFailure();
    await compose("restart", "--timeout", "1", "leaf2");
    await compose("up", "-d", "--wait", "--no-build");
    await untilAt("leaf2", "10.255.0.1", 2);
    await exec("host1", "ping", "-c", "1", "-w", "30", "192.168.10.2");
  });
});
