/** Bridge ports, as the field names them: by the name of the interface. */
import type { Brand } from "./brand.ts";

export type PortName = Brand<string, "PortName">;

export function portName(name: string): PortName {
  return name as PortName;
}
