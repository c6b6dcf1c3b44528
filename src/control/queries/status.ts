/** `status`: whether the daemon does its work, in one row. */
import { whereabouts } from "../../mobility/mac-entry.ts";
import type { StatusRow } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, eachInPieces } from "./batches.ts";

export function* showStatus(snapshot: Snapshot): Batches<StatusRow> {
  const { gobgp, pending } = snapshot;
  const macs = { here: 0, there: 0, duplicate: 0, nowhere: 0 };
  yield* eachInPieces(snapshot.entries(), (entry) => {
    macs[whereabouts(entry).kind]++;
  });
  yield [
    {
      version: snapshot.version,
      ready: snapshot.ready,
      uptimeSeconds: Math.floor((snapshot.now - snapshot.startedAt) / 1000),
      vtep: snapshot.vtep ?? null,
      gobgp: {
        address: gobgp.address,
        api: gobgp.api ?? null,
        connected: gobgp.connected,
        asn: gobgp.asn ?? null,
        routerId: gobgp.routerId ?? null,
        peers: gobgp.peers,
      },
      vnis: [...snapshot.vrfs].length,
      macs: { local: macs.here, remote: macs.there, duplicate: macs.duplicate },
      pending: { kernel: pending.kernel, gobgp: pending.gobgp },
    },
  ];
}
