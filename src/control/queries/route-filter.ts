/** Which routes are asked for. */
import type { ImetRouteKey } from "../../evpn/imet-route.ts";
import type { MacIpRouteKey } from "../../evpn/mac-ip-route.ts";
import type { Filter } from "../protocol.ts";

export type RouteId =
  | { readonly table: "mac-ip-route"; readonly key: MacIpRouteKey }
  | { readonly table: "imet-route"; readonly key: ImetRouteKey };

/** By what stands in its key; the rest of the filter can not be judged by that. */
export function mayBeWanted(filter: Filter): (id: RouteId) => boolean {
  const { type, rd, mac, ip } = filter;
  return ({ table, key }) => {
    const [ofRd, , ...host] = key.split("|");
    const [ofMac, ofIp] = table === "mac-ip-route" ? host : [undefined, host[0]];
    return (
      (type === undefined || type === (table === "mac-ip-route" ? 2 : 3)) &&
      (rd === undefined || rd === ofRd) &&
      (mac === undefined || mac === ofMac) &&
      (ip === undefined || ip === ofIp)
    );
  };
}
