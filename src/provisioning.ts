/** Devices that the configuration asks for, made and kept as long as the daemon runs. */
import type { Config } from "./config/config.ts";
import { keepProvisioned, type ProvisionNews } from "./linux/provision.ts";
import type { AnyNotice } from "./report/notices.ts";
import { provisionOf } from "./settings.ts";

/** Begins at once, so that what is missing is there when the kernel is opened. */
export async function keepDevices(
  config: Config,
  listener: { readonly tell: (notice: AnyNotice) => void },
  signal: AbortSignal,
): Promise<void> {
  const requests = provisionOf(config);
  if (requests.length === 0) return;
  const tell = ({ sentence, isFailure }: ProvisionNews): void =>
    listener.tell(
      isFailure
        ? { kind: "not-provisioned", reason: sentence }
        : { kind: "provisioned", done: sentence },
    );
  await keepProvisioned(requests, tell, signal);
}
