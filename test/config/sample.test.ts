import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { sampleConfig } from "../../src/config/sample.ts";
import { defaultConfig } from "../../src/config/schema.ts";

const sample = readFileSync(new URL("../../configs/roamd.yaml", import.meta.url), "utf8");

describe("The sample configuration", () => {
  it("is what the schema says; else run npm run generate:config", () => {
    expect(sample).toBe(sampleConfig());
  });

  it("is the default, but for metrics, which it turns on", () => {
    expect(loadConfig(sample, "roamd.yaml")).toEqual({
      ok: true,
      value: { ...defaultConfig, http: "127.0.0.1:9479" },
    });
  });

  it("is right in its examples as well, and they leave nothing out", () => {
    const uncommented = sample
      .replace("mac-vrfs: discover\n", "")
      .replaceAll(/^(\s*)#(?! \S|\n)/gm, "$1");
    const loaded = loadConfig(uncommented, "roamd.yaml");

    expect(loaded).toMatchObject({ ok: true });
    expect(JSON.stringify(loaded, (_, value) => value ?? "left out")).not.toContain("left out");
    expect(loaded.ok && loaded.value.macVrfs[0]).toMatchObject({
      vni: 10,
      settings: { rd: "10.255.0.1:10", imports: ["65000:10"], exports: ["65000:10"] },
      excludePorts: ["uplink*"],
      sticky: [{ mac: "02:00:00:00:00:01", ips: ["192.0.2.1"] }],
    });
  });
});
