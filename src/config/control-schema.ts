/** The options of the control API: the socket, and the way in over TCP with who may come by it. */
import { z } from "zod";
import type { ControlConfig } from "./config.ts";
import { isLoopback, parseAbsolutePath, parseListenAddress, parseMode, text } from "./values.ts";

const path = text(parseAbsolutePath);
const pem = (doc: string, example: string) => path.meta({ doc, example });

export const controlSchema: z.ZodType<ControlConfig> = z
  .strictObject({
    socket: path.prefault("/run/roamd/roamd.sock").meta({ doc: "The unix socket roam talks to." }),
    mode: text(parseMode)
      .prefault("0660")
      .meta({ doc: "Its permissions: whoever may write to it may use every command." }),
    group: z
      .string()
      .min(1)
      .optional()
      .meta({ doc: "The group that owns it; left out: that of the process.", example: "netops" }),
    listen: text(parseListenAddress).optional().meta({
      doc: "Where it is served over TCP as well, with tls or key-file or both; left out: nowhere.",
      example: "192.0.2.1:50052",
    }),
    tls: z
      .strictObject({
        ca: pem("Whoever has a certificate of this CA, as PEM, may.", "/etc/roamd/control-ca.pem"),
        certificate: pem("Who we are.", "/etc/roamd/control.pem"),
        key: pem("The key to the certificate.", "/etc/roamd/control.key"),
      })
      .optional()
      .meta({ doc: "TLS over TCP: callers must show a certificate." }),
    "key-file": path.optional().meta({
      doc: "Requests over TCP must be signed with the key in this file, which others may not read.",
      example: "/etc/roamd/shared.key",
    }),
  })
  .superRefine((given, context) => {
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    if (given.listen === undefined) {
      for (const key of ["tls", "key-file"] as const) {
        if (given[key] !== undefined) refuse(key, "is for TCP, and there is no control.listen");
      }
    } else if (given.tls === undefined && given["key-file"] === undefined) {
      if (isLoopback(given.listen)) return;
      refuse("listen", "can be reached by others: give control.tls or control.key-file as well");
    }
  })
  .transform(({ socket, mode, group, listen, tls, "key-file": keyFile }) => ({
    socket,
    mode,
    group,
    tcp: listen === undefined ? undefined : { address: listen, tls, keyFile },
  }));
