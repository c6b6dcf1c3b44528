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
  "doctor",
  "bench",
];

/**
 * Five kinds of test, by what they need: `unit` nothing, `kernel` a network namespace with
 * CAP_NET_ADMIN, `uml` such a one under a kernel that can filter VLANs, `lab` gobgpd and FRR besides,
 * `compose` a Docker engine. All but unit tests share one machine's processors with real daemons, so
 * their files run one after the other.
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
          name: "uml",
          // Of the kernel tests those of rows, some of which such a kernel has twice.
          include: ["test/uml/**/*.test.ts", "test/kernel/drivers.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
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
      {
        test: {
          name: "compose",
          include: ["test/compose/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

export default config;
