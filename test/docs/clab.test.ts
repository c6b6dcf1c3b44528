/**
 * The labs' topologies, against the rules of containerlab that we rely on. Whether a file can be built from
 * namespaces is for its own tests (`readTopology` refuses what it does not know).
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { definitionOf } from "../../labs/runner/labs.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import { readTopology } from "../../labs/runner/topology.ts";
import { textOf } from "./markdown.ts";

const labs = readdirSync(inRepository("labs")).filter((name) => {
  const folder = inRepository(join("labs", name));
  return (
    statSync(folder).isDirectory() && readdirSync(folder).some((file) => file.endsWith(".clab.yml"))
  );
});

interface File {
  readonly topology: {
    readonly defaults: Readonly<Record<string, string>>;
    readonly nodes: Readonly<Record<string, unknown>>;
  };
}

it("there are labs", () => {
  expect(labs).toContain("evpn-l2");
  expect(labs).toContain("frr-mixed");
});

describe.each(labs)("The lab %s", (lab) => {
  const path = definitionOf(lab);
  const topology = readTopology(path, {});
  const file = parse(textOf(path.slice(inRepository("").length))) as File;

  it("has names that a host name and a container can have", () => {
    for (const { name } of topology.nodes) expect(name).toMatch(/^[a-z][a-z0-9-]{0,30}$/);
  });

  it("has data links from eth1 on, for eth0 is containerlab's own, and each end once", () => {
    const ends = topology.links.flatMap((link) =>
      link.ends.map(({ node, port }) => `${node}:${port}`),
    );
    expect(new Set(ends).size).toBe(ends.length);
    for (const { node, port } of topology.links.flatMap((link) => link.ends)) {
      expect(port, node).toMatch(/^eth[1-9]\d*$/);
    }
  });

  it("binds files that are there, each where its node can find it", () => {
    for (const { name, binds } of topology.nodes) {
      for (const { source } of binds) expect(existsSync(source), `${name}: ${source}`).toBe(true);
      expect(binds.map(({ target }) => target)).toEqual(
        expect.arrayContaining(["/lab/node.sh", "/lab/node"]),
      );
    }
  });

  it("is never started again by itself, which would lose its links, and has an image for every node", () => {
    expect(file.topology.defaults).toMatchObject({ kind: "linux", "restart-policy": "no" });
    expect(file.topology.defaults.image).toMatch(/\S+/);
    expect(file.topology.defaults.cmd).toBe("sh /lab/node.sh");
  });

  it("gives access links 1500, so that with VXLAN's 50 bytes all fits the uplinks' 9500", () => {
    const access = topology.links.filter(({ ends }) =>
      ends.some(({ node }) => node === "vm" || node.startsWith("host")),
    );
    expect(access.length).toBeGreaterThan(0);
    for (const { mtu } of access) expect(mtu).toBe(1500);
  });

  it("has a README that names the nodes, draws them, and says that containerlab is not run", () => {
    const readme = textOf(join("labs", lab, "README.md"));
    for (const { name } of topology.nodes) expect(readme).toContain(name.replace(/\d+$/, ""));
    expect(readme).toContain("```mermaid");
    expect(readme.replaceAll(/\s+/g, " ")).toContain("containerlab itself is not run");
  });
});
