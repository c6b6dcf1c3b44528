/**
 * Which generation of the API gobgpd speaks, and whether this gobgpd can be trusted.
 *
 * gobgpd tells its version to nobody over gRPC. What can be found out without doing harm:
 *
 * - v3 or v4: the service it serves. Asked at every connect, since gobgpd may have been upgraded.
 * - 4.0 to 4.5: they can not parse a MAC-only route, not even the withdraw of one that never was.
 * - 3.27 and later: they keep to the batch size of a watch. Told as soon as three routes stand.
 *
 * What can not: 3.10 from 3.11 to 3.26 (they differ in what makes them crash or lose routes, which
 * is no question to ask), 3.27 from 3.28 to 3.37, and 4.6 from its successors.
 */
import { status } from "@grpc/grpc-js";
import { reasonOf, type SpeakerApi, statusOf } from "./api.ts";
import { openApiV3 } from "./api-v3.ts";
import { openApiV4 } from "./api-v4.ts";
import type { Endpoint } from "./endpoint.ts";
import type { GobgpNotice } from "./notice.ts";
import type { SpeakerPath } from "./speaker-path.ts";

type DangerousVersion = Extract<GobgpNotice, { kind: "dangerous-version" }>;

/** The API as gobgpd at this end speaks it now. Rejects if nobody answers there. */
export async function openApi(
  endpoint: Endpoint,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<SpeakerApi> {
  const refusals: unknown[] = [];
  for (const open of [openApiV4, openApiV3]) {
    const api = open(endpoint, now);
    try {
      await api.identity(signal);
      return api;
    } catch (error) {
      api.close();
      if (statusOf(error) !== status.UNIMPLEMENTED) throw error;
      refusals.push(error);
    }
  }
  throw new Error("The server there is not gobgpd, or of another generation than 3.x and 4.x", {
    cause: refusals,
  });
}

/** The withdraw of a MAC-only route that never was. */
const MAC_ONLY: SpeakerPath = {
  evpn: true,
  nlri: {
    kind: "mac-ip",
    rd: { kind: "as2", admin: 0, number: 0 },
    esi: { type: 0, value: new Uint8Array(9) },
    ethernetTag: 0,
    mac: "02:00:00:00:00:00",
    ip: "",
    labels: [1],
  },
  attributes: [],
  withdraw: true,
  best: false,
  neighbor: "",
};

/** Why this gobgpd can not be used, if it can not. BGP must be started on it. */
export async function refuseSpeaker(
  api: SpeakerApi,
  signal: AbortSignal,
): Promise<DangerousVersion | undefined> {
  if (api.generation === "v3") return undefined;
  try {
    await api.write([MAC_ONLY], signal);
    return undefined;
  } catch (error) {
    if (!reasonOf(error).includes("ParseAddr")) throw error;
    return {
      kind: "dangerous-version",
      versions: "4.0 to 4.5",
      refused: true,
      reason: "it can not announce a MAC address without an IP address; gobgpd 4.6 can",
    };
  }
}

/** From this many paths on, `keepsBatchSize` can answer. */
export const PATHS_FOR_PROBE = 3;

/** Whether a watch comes in messages as small as asked; `undefined` if it does not say in time. */
export async function keepsBatchSize(
  api: SpeakerApi,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const enough = new AbortController();
  let kept: boolean | undefined;
  const onPaths = (count: number): void => {
    if (count === 0) return;
    // A batch size of one gives two paths in a message, which is also how gobgpd counts.
    kept ??= count < PATHS_FOR_PROBE;
    enough.abort();
  };
  const ends = [signal, enough.signal, AbortSignal.timeout(PROBE_MS)];
  await api
    .watch(
      { batchSize: 1, onPath: () => {}, onPaths, onPeerChange: () => {} },
      AbortSignal.any(ends),
    )
    .catch(() => {});
  return kept;
}

const PROBE_MS = 2000;

export const OLD_V3: DangerousVersion = {
  kind: "dangerous-version",
  versions: "3.10 to 3.26",
  refused: false,
  reason:
    "up to 3.10 it may crash on MAC/IP routes, up to 3.26 it is slow with many of them and may lose some; gobgpd 3.28 and later are good",
};
