/** gobgpd 3.x: API v3, service `apipb.GobgpApi`. */
import type { ClientReadableStream } from "@grpc/grpc-js";
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV3 as codec } from "./codec-v3.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  GobgpApiClient,
  GobgpApiService,
  Path,
  TableType,
} from "./generated/v3/gobgp.ts";

const FILTERS = [
  { type: Filter.BEST, init: true },
  { type: Filter.EOR, init: true },
];

export function openApiV3(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const client = new GobgpApiClient(target, credentials, channel);
  const openWatch = (batchSize: number): ClientReadableStream<Buffer> => {
    const { path, requestSerialize } = GobgpApiService.watchEvent;
    const request = { peer: {}, table: { filters: FILTERS }, batchSize };
    return client.makeServerStreamRequest(path, requestSerialize, (bytes) => bytes, request);
  };
  const readPath = Path.decode;
  return speakerApi(
    { generation: "v3", client, codec, readPath, table: TableType.GLOBAL, openWatch },
    now,
  );
}
