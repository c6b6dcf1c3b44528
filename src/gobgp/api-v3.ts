/** gobgpd 3.x: API v3, service `apipb.GobgpApi`. */
import { makeClientConstructor } from "@grpc/grpc-js";
import type { SpeakerApi } from "./api.ts";
import { speakerApi } from "./api-calls.ts";
import { codecV3 } from "./codec-v3.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  WatchEventRequest_Table_Filter_Type as Filter,
  type GobgpApiClient,
  GobgpApiService,
  TableType,
  WatchEventResponse,
} from "./generated/v3/gobgp.ts";
import { MessageReader, Texts } from "./message-reader.ts";

export function openApiV3(
  { target, credentials, channel }: Endpoint,
  now: () => number,
): SpeakerApi {
  const texts = new Texts();
  const watchEvent = {
    ...GobgpApiService.watchEvent,
    responseDeserialize: (bytes: Buffer) =>
      WatchEventResponse.decode(new MessageReader(bytes, texts)),
  };
  const Client = makeClientConstructor(
    { ...GobgpApiService, watchEvent },
    "apipb.GobgpApi",
  ) as unknown as typeof GobgpApiClient;
  const client = new Client(target, credentials, channel);
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
