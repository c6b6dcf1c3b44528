/** What the operator has told the daemon to do becomes news like any other. */
import type { Command, CommandAnswer } from "./control/command.ts";
import { err, ok, type Result } from "./evpn/result.ts";
import type { Engine } from "./mobility/engine.ts";
import type { Observation } from "./mobility/observation.ts";
import { duplicatesOf } from "./snapshot.ts";

export function obey(
  command: Command,
  { engine, observe }: { engine: Engine; observe: (observation: Observation) => void },
): Result<CommandAnswer> {
  switch (command.kind) {
    case "clear-duplicate": {
      const { address, vni } = command;
      const before = duplicatesOf(engine).length;
      const cleared = address === "all" ? undefined : address;
      observe({ kind: "duplicate-cleared", vni, address: cleared });
      const count = before - duplicatesOf(engine).length;
      if (count > 0 || address === "all") return ok({ cleared: count });
      const where = vni === undefined ? "" : ` in VNI ${vni}`;
      return err(`Cannot clear ${address}${where}: it is no duplicate`);
    }
  }
}
