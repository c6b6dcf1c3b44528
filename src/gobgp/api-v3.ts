/** gobgpd 3.x: API v3, service `apipb.GobgpApi`. */
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV3 } from "./codec-v3.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  GobgpApiClient,
  TableType,
} from "./generated/v3/gobgp.ts";

export function openApiV3(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const client = new GobgpApiClient(target, credentials, channel);
  const filters = [
    { type: Filter.BEST, init: true },
    { type: Filter.EOR, init: true },
  ];
  const watch = { peer: {}, table: { filters } };
  return speakerApi(
    { generation: "v3", client, codec: codecV3, table: TableType.GLOBAL, watch },
    now,
  );
}
