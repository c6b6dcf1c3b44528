/** VXLAN network identifiers (RFC 7348): 24 bits, 0 is not used. */
import type { Brand } from "./brand.ts";
import { err, ok, type Result } from "./result.ts";

export type Vni = Brand<number, "Vni">;

const VNI_MAX = 0xff_ff_ff;

export function toVni(value: number): Result<Vni> {
  if (!Number.isInteger(value)) return err(`vni ${value} is not a whole number`);
  if (value < 1) return err(`vni ${value} is below 1`);
  if (value > VNI_MAX) return err(`vni ${value} is above ${VNI_MAX}`);
  return ok(value as Vni);
}
