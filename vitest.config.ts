import { defineConfig, type ViteUserConfig } from "vitest/config";

const unitRooms = [
  "evpn",
  "wire",
  "mobility",
  "reconcile",
  "linux",
  "gobgp",
  "report",
  "config",
  "control",
  "cli",
  "state",
  "scenarios",
  "simulation",
  "docs",
];

/**
 * Three kinds of test, by what they need: `unit` nothing, `kernel` a network namespace with
 * CAP_NET_ADMIN, `lab` gobgpd and FRR besides. Kernel and lab tests share one machine's processors
 * with real daemons, so their files run one after the other.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/*.test.ts", ...unitRooms.map((room) => `test/${room}/**/*.test.ts`)],
        },
      },
      {
        test: {
          name: "kernel",
          include: ["test/kernel/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

export default config;
