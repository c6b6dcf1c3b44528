/**
 * The lab's definition: the part of a containerlab topology file that a lab of network namespaces
 * can honour. A file with anything else in it is refused rather than half obeyed.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export interface Bind {
  readonly source: string;
  readonly target: string;
}

export interface NodeDefinition {
  readonly name: string;
  readonly command: string;
  readonly binds: readonly Bind[];
  readonly env: Readonly<Record<string, string>>;
  readonly sysctls: Readonly<Record<string, string>>;
  /** Run once all links are there. */
  readonly exec: readonly string[];
}

export interface Endpoint {
  readonly node: string;
  readonly port: string;
}

export interface Link {
  readonly ends: readonly [Endpoint, Endpoint];
  readonly mtu: number;
}

export interface Topology {
  readonly name: string;
  readonly nodes: readonly NodeDefinition[];
  readonly links: readonly Link[];
}

/** What containerlab gives a link that says nothing. */
const DEFAULT_MTU = 9500;

const words = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));
const node = z.strictObject({
  kind: z.literal("linux").optional(),
  image: z.string().optional(),
  "restart-policy": z.string().optional(),
  cmd: z.string().optional(),
  binds: z.array(z.string()).optional(),
  env: words.optional(),
  sysctls: words.optional(),
  exec: z.array(z.string()).optional(),
});
const file = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  topology: z.strictObject({
    defaults: node.optional(),
    nodes: z.record(z.string(), node.nullable()),
    links: z.array(
      z.strictObject({
        endpoints: z.tuple([z.string(), z.string()]),
        mtu: z.number().int().positive().optional(),
      }),
    ),
  }),
});
type NodeInFile = z.infer<typeof node>;

export function readTopology(path: string, env: NodeJS.ProcessEnv = process.env): Topology {
  const parsed = file.safeParse(parse(substitute(readFileSync(path, "utf8"), env)));
  if (!parsed.success) throw new Error(`Cannot read ${path}: ${z.prettifyError(parsed.error)}`);
  const { name, topology } = parsed.data;
  const defaults = topology.defaults ?? {};
  const nodes = Object.entries(topology.nodes).map(([nodeName, own]) =>
    definition(nodeName, { ...defaults, ...own }, dirname(resolve(path))),
  );
  const links = topology.links.map(({ endpoints: [a, b], mtu = DEFAULT_MTU }): Link => {
    return { ends: [endpoint(path, a), endpoint(path, b)], mtu };
  });
  const known = new Set(nodes.map((each) => each.name));
  for (const end of links.flatMap((link) => link.ends)) {
    if (!known.has(end.node)) throw new Error(`Cannot read ${path}: no node "${end.node}"`);
  }
  return { name, nodes, links };
}

function definition(name: string, from: NodeInFile, directory: string): NodeDefinition {
  return {
    name,
    command: from.cmd ?? "sleep infinity",
    binds: (from.binds ?? []).map((bind) => {
      const [source = "", target = ""] = bind.split(":");
      return { source: resolve(directory, source), target };
    }),
    env: from.env ?? {},
    sysctls: from.sysctls ?? {},
    exec: from.exec ?? [],
  };
}

function endpoint(path: string, text: string): Endpoint {
  const [node, port] = text.split(":");
  if (node === undefined || port === undefined) {
    throw new Error(`Cannot read ${path}: endpoint "${text}" is not NODE:PORT`);
  }
  return { node, port };
}

/** `${NAME}` and `${NAME:=default}`, which containerlab replaces before it reads the file. */
function substitute(text: string, env: NodeJS.ProcessEnv): string {
  return text.replaceAll(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::[=-]([^}]*))?\}/g,
    (_, name: string, fallback = "") => env[name] || fallback,
  );
}
