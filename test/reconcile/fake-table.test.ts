import { type FakeKey, type FakeRow, FakeTable } from "../fakes/fake-table.ts";
import { type DriverUnderTest, describeDriver } from "./driver-compliance.ts";

describeDriver("The fake table", async (): Promise<DriverUnderTest<FakeKey, FakeRow>> => {
  const driver = new FakeTable();
  driver.unfitValues.add(99);
  return {
    driver,
    samples: [
      { key: "a", row: { value: 1 }, changed: { value: 2 } },
      { key: "b", row: { value: 3 }, changed: { value: 4 } },
      { key: "c", row: { value: 5 }, changed: { value: 6 } },
    ],
    unfit: { key: "d", row: { value: 99 } },
    foreign: {
      lay: async ({ key }) => void driver.foreign.add(key),
      stands: async ({ key }) => driver.foreign.has(key),
    },
    close: async () => {},
  };
});
