// A reporter for vitest: writes, beside what the JSON reporter writes, why suites could not be set up or
// taken down (`beforeAll`, `afterAll`), which that one keeps to itself. `summary.mjs` reads it.
import { writeFileSync } from "node:fs";

export default class SuiteErrors {
  #path;

  onInit(vitest) {
    this.#path = `${vitest.config.outputFile.json}.suites`;
  }

  onTestRunEnd(modules, unhandled) {
    const errors = unhandled.map((error) => ({ suite: "outside all tests", error }));
    for (const module of modules) {
      for (const suite of [module, ...module.children.allSuites()]) {
        const name = [module.relativeModuleId, suite.fullName].filter(Boolean).join(": ");
        errors.push(...suite.errors().map((error) => ({ suite: name, error })));
      }
    }
    const told = errors.map(({ suite, error }) => ({ suite, message: error.message ?? "" }));
    writeFileSync(this.#path, JSON.stringify(told));
  }
}
