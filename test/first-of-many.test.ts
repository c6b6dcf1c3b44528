import { beforeEach, expect, it } from "vitest";
import type { MacAddress } from "../src/evpn/mac.ts";
import { portName } from "../src/evpn/port.ts";
import type { Vni } from "../src/evpn/vni.ts";
import { firstOfMany } from "../src/first-of-many.ts";
import type { Observation } from "../src/mobility/observation.ts";
import { type Decision, NOTHING } from "../src/mobility/outbox.ts";

const ROUTE = { ...NOTHING, wants: [{ table: "mac-ip-route" }] } as unknown as Decision;
const ROW = { ...NOTHING, wants: [{ table: "fdb" }] } as unknown as Decision;

function seen(mac: string): Observation {
  return {
    kind: "seen",
    vni: 10 as Vni,
    port: portName("p1"),
    mac: mac as MacAddress,
    ip: undefined,
    signal: "data",
  };
}

let rests: number;
let came: ReturnType<typeof firstOfMany>;

beforeEach(() => {
  rests = 0;
  came = firstOfMany(
    () => rests++,
    () => 0,
  );
});

it("Of hosts that come at once the second has all wait; one alone has not, whatever it says", () => {
  came(seen("02:00:00:00:00:0a"), ROUTE);
  came(seen("02:00:00:00:00:0a"), ROUTE);
  expect(rests).toBe(0);
  came(seen("02:00:00:00:00:0b"), ROUTE);
  came(seen("02:00:00:00:00:0c"), ROUTE);
  expect(rests).toBe(1);
});

it("Who is known, or of whom others have told, does not come", () => {
  came(seen("02:00:00:00:00:0a"), ROUTE);
  came(seen("02:00:00:00:00:0b"), NOTHING);
  came(seen("02:00:00:00:00:0b"), ROW);
  came({ kind: "speaker-down" }, ROUTE);
  expect(rests).toBe(0);
});
