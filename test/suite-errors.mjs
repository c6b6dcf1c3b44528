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
      const suites = [module, ...module.children.allSuites()];
      for (const suite of suites) {
        const name = suite.fullName ?? module.relativeModuleId;
        errors.push(...suite.errors().map((error) => ({ suite: name, error })));
      }
    }
    const told = errors.map(({ suite, error }) => ({ suite, message: error.message ?? "" }));
    writeFileSync(this.#path, JSON.stringify(told));
  }
}
