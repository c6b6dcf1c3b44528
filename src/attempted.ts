/** What fails by being thrown, as a value: one sentence. */
import { err, ok, type Result } from "./evpn/result.ts";

export async function attempted(work: Promise<void>): Promise<Result<undefined>> {
  try {
    await work;
    return ok(undefined);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
