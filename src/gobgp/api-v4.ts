/** gobgpd 4.x: API v4, service `api.GoBgpService`. */
import { makeClientConstructor } from "@grpc/grpc-js";
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV4 } from "./codec-v4.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  type GoBgpServiceClient,
  GoBgpServiceService,
  TableType,
  WatchEventResponse,
} from "./generated/v4/gobgp.ts";
import { MessageReader, Texts } from "./message-reader.ts";

export function openApiV4(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const texts = new Texts();
  const watchEvent = {
    ...GoBgpServiceService.watchEvent,
    responseDeserialize: (bytes: Buffer) =>
      WatchEventResponse.decode(new MessageReader(bytes, texts)),
  };
  const Client = makeClientConstructor(
    { ...GoBgpServiceService, watchEvent },
    "api.GoBgpService",
  ) as unknown as typeof GoBgpServiceClient;
  const client = new Client(target, credentials, channel);
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
