/** Checks of what may drop frames in between. */
import type { CheckRow } from "../control/rows.ts";
import type { Facts } from "./facts.ts";
import { fine, judging, unknown, wrong } from "./verdict.ts";

export function bridgeNetfilterCheck({ host }: Facts): CheckRow {
  const check = "bridge-nf-call-iptables";
  if (!host.found) return unknown(check, host.why);
  return judging(check, host.value.bridgeNetfilter, ({ ipv4, ipv6 }) => {
    if (!ipv4 && !ipv6) return fine(check, "frames through a bridge do not pass iptables");
    const which = [...(ipv4 ? ["iptables"] : []), ...(ipv6 ? ["ip6tables"] : [])];
    return wrong(
      check,
      `frames that only pass through a bridge go through ${which.join(" and ")} as well: rules meant for this host drop those of others, and all get slower`,
      which.map((each) => `sysctl -w net.bridge.bridge-nf-call-${each}=0`).join("; "),
    );
  });
}

export function forwardCheck({ host }: Facts): CheckRow {
  const check = "forward-policy";
  if (!host.found) return unknown(check, host.why);
  const { bridgeNetfilter } = host.value;
  return judging(check, host.value.forward, ({ policy, docker }) => {
    if (policy === "ACCEPT") return fine(check, "what is forwarded is accepted");
    const who = docker ? "docker has set" : "somebody has set";
    const isCalled = bridgeNetfilter.found && bridgeNetfilter.value.ipv4;
    const what = isCalled
      ? "frames through the bridges are dropped"
      : "packets that this leaf should route are dropped";
    return wrong(
      check,
      `${who} the policy of FORWARD to ${policy}: ${what}`,
      docker
        ? 'iptables -P FORWARD ACCEPT, and "ip-forward-no-drop": true in /etc/docker/daemon.json'
        : "iptables -P FORWARD ACCEPT, or rules that let the segments through",
    );
  });
}
