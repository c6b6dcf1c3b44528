import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecV3 } from "../../src/gobgp/codec-v3.ts";
import { codecV4 } from "../../src/gobgp/codec-v4.ts";
import * as v3 from "../../src/gobgp/generated/v3/gobgp.ts";
import * as v4 from "../../src/gobgp/generated/v4/gobgp.ts";
import { readRoute } from "../../src/gobgp/read-route.ts";
import type { SpeakerPath } from "../../src/gobgp/speaker-path.ts";
import { imetRoutePath, macIpRoutePath, macIpRouteWithdraw } from "../../src/gobgp/write-route.ts";
import { anyImetRoute, anyMacIpRoute, imetRoute, macIpRoute, must } from "./routes.ts";

const NOW = 1_700_000_000_999;

/** Each codec with the bytes that go over the wire between its two directions. */
const codecs = [
  {
    name: "v3",
    toBytes: (path: SpeakerPath) => v3.Path.encode(codecV3.encode(path, NOW)).finish(),
    fromBytes: (bytes: Uint8Array) => codecV3.decode(v3.Path.decode(bytes)),
  },
  {
    name: "v4",
    toBytes: (path: SpeakerPath) => v4.Path.encode(codecV4.encode(path, NOW)).finish(),
    fromBytes: (bytes: Uint8Array) => codecV4.decode(v4.Path.decode(bytes)),
  },
];

describe.each(codecs)("The codec of API $name", ({ toBytes, fromBytes }) => {
  it("reads every MAC/IP route as it was written", () => {
    fc.assert(
      fc.property(anyMacIpRoute, (route) => {
        const path = must(macIpRoutePath(route));
        expect(must(readRoute(fromBytes(toBytes(path)))).row).toEqual(route);
      }),
    );
  });

  it("reads every IMET route as it was written", () => {
    fc.assert(
      fc.property(anyImetRoute, (route) => {
        const path = must(imetRoutePath(route));
        expect(must(readRoute(fromBytes(toBytes(path)))).row).toEqual(route);
      }),
    );
  });

  it("keeps a withdraw a withdraw, without attributes", () => {
    const path = fromBytes(toBytes(macIpRouteWithdraw(macIpRoute())));
    expect(path).toMatchObject({ withdraw: true, attributes: [], evpn: true });
  });

  it("survives any change of the bytes", () => {
    const whole = toBytes(must(macIpRoutePath(macIpRoute({ mobility: { seq: 7, sticky: true } }))));
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        let path: SpeakerPath;
        try {
          path = fromBytes(bytes);
        } catch {
          return; // No protobuf any more: gRPC says so before we are asked.
        }
        readRoute(path);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes a message without anything for an End-of-RIB marker of no family", () => {
    expect(fromBytes(new Uint8Array())).toEqual({
      evpn: false,
      nlri: undefined,
      attributes: [],
      withdraw: false,
      best: false,
      neighbor: "",
    });
  });
});

describe("What goes out in API v3", () => {
  it("has the names that gobgpd gives to what is packed", () => {
    const message = codecV3.encode(must(imetRoutePath(imetRoute())), NOW);
    expect(message.nlri?.typeUrl).toBe(
      "type.googleapis.com/apipb.EVPNInclusiveMulticastEthernetTagRoute",
    );
    expect(message.pattrs.map(({ typeUrl }) => typeUrl)).toEqual([
      "type.googleapis.com/apipb.OriginAttribute",
      "type.googleapis.com/apipb.NextHopAttribute",
      "type.googleapis.com/apipb.PmsiTunnelAttribute",
      "type.googleapis.com/apipb.ExtendedCommunitiesAttribute",
    ]);
  });

  it("is read as unknown where a name or its bytes are not known", () => {
    const garbage = Buffer.from([0xff, 0xff, 0xff]);
    const path = codecV3.decode({
      ...codecV3.encode(must(macIpRoutePath(macIpRoute())), NOW),
      nlri: {
        typeUrl: "type.googleapis.com/apipb.EVPNMACIPAdvertisementRoute",
        value: garbage,
      },
      pattrs: [
        { typeUrl: "type.googleapis.com/apipb.LargeCommunitiesAttribute", value: garbage },
        { typeUrl: "toString", value: garbage },
        { typeUrl: "type.googleapis.com/apipb.toString", value: garbage },
      ],
    });
    expect(path.nlri).toEqual({ kind: "other" });
    expect(path.attributes).toEqual([{ kind: "other" }, { kind: "other" }, { kind: "other" }]);
  });
});

describe("What goes out in API v4", () => {
  it("says when it was made, for gobgpd would take it to be from 1970", () => {
    const message = codecV4.encode(must(macIpRoutePath(macIpRoute())), NOW);
    expect(message.age).toEqual({ seconds: 1_700_000_000, nanos: 0 });
  });
});
