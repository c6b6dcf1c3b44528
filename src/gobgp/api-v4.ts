/** gobgpd 4.x: API v4, service `api.GoBgpService`. */
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV4 } from "./codec-v4.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  GoBgpServiceClient,
  TableType,
} from "./generated/v4/gobgp.ts";

export function openApiV4(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const client = new GoBgpServiceClient(target, credentials, channel);
  const filters = [
    { type: Filter.TYPE_BEST, init: true },
    { type: Filter.TYPE_EOR, init: true },
  ];
  const watch = { peer: {}, table: { filters } };
  return speakerApi(
    { generation: "v4", client, codec: codecV4, table: TableType.TABLE_TYPE_GLOBAL, watch },
    now,
  );
}
