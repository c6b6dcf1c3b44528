/** gobgpd 4.x: API v4, service `api.GoBgpService`. */
import type { ClientReadableStream } from "@grpc/grpc-js";
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV4 as codec } from "./codec-v4.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  GoBgpServiceClient,
  GoBgpServiceService,
  Path,
  TableType,
} from "./generated/v4/gobgp.ts";

const FILTERS = [
  { type: Filter.TYPE_BEST, init: true },
  { type: Filter.TYPE_EOR, init: true },
];

export function openApiV4(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const client = new GoBgpServiceClient(target, credentials, channel);
  const openWatch = (batchSize: number): ClientReadableStream<Buffer> => {
    const { path, requestSerialize } = GoBgpServiceService.watchEvent;
    const request = { peer: {}, table: { filters: FILTERS }, batchSize };
    return client.makeServerStreamRequest(path, requestSerialize, (bytes) => bytes, request);
  };
  const readPath = Path.decode;
  return speakerApi(
    { generation: "v4", client, codec, readPath, table: TableType.TABLE_TYPE_GLOBAL, openWatch },
    now,
  );
}
