/** `show routes --detail` for people: a block for each route, with every path and attribute. */
import type { ShowRows } from "../control/rows.ts";
import { paint, printable, type TableOptions } from "./table.ts";

type Route = ShowRows["routes"];

export function routesDetail(rows: readonly Route[], options: TableOptions): string {
  return rows.map((row) => routeText(row, options)).join("\n");
}

function routeText(row: Route, { colour }: TableOptions): string {
  const { type, routeDistinguisher, ethernetTag, mac, ip, vni, selected, reason } = row;
  const host = [mac, ip].filter((each) => each !== null).join(" ");
  const state = selected ? "followed" : `not followed: ${reason}`;
  const head = `type ${type}, RD ${routeDistinguisher}, tag ${ethernetTag}, VNI ${vni}, ${host}`;
  return [
    `${paint(printable(head), colour ? "head" : undefined)}\n`,
    line(
      2,
      `${row.origin}, ${paint(printable(state), colour ? (selected ? "good" : "bad") : undefined)}`,
    ),
    ...facts(row).map(([name, value]) => line(2, `${name.padEnd(14)}  ${printable(value)}`)),
    ...(row.paths ?? []).flatMap(pathLines),
  ].join("");
}

function facts(row: Route): readonly (readonly [string, string])[] {
  const { type, nexthop, seq, sticky, esi, l3vni, defaultGateway, routeTargets, since } = row;
  return [
    ["next hop", nexthop],
    ...(type === 3
      ? []
      : [["sequence", `${seq ?? "none, which counts as 0"}${sticky ? ", sticky" : ""}`] as const]),
    ["route targets", routeTargets.join(", ") || "none"],
    ...(esi === null ? [] : [["ESI", esi] as const]),
    ...(l3vni === null ? [] : [["L3 VNI", String(l3vni)] as const]),
    ...(defaultGateway ? [["gateway", "it is the address of a default gateway"] as const] : []),
    ["since", since ?? "not known"],
  ];
}

function pathLines({
  neighbor,
  best,
  since,
  attributes,
}: NonNullable<Route["paths"]>[number]): string[] {
  const from = neighbor === null ? "made here" : `from ${neighbor}`;
  return [
    line(
      2,
      `path ${printable(from)}${best ? ", best" : ""}${since === null ? "" : `, since ${since}`}`,
    ),
    ...Object.entries(attributes).map(([name, value]) =>
      line(4, `${name.padEnd(20)}  ${printable(value)}`),
    ),
  ];
}

function line(indent: number, text: string): string {
  return `${`${" ".repeat(indent)}${text}`.trimEnd()}\n`;
}
