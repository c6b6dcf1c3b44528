/** `docs/notices.md`: everything the daemon can say. */
import { expect, it } from "vitest";
import {
  type AnyNotice,
  countsOf,
  DECISION_KINDS,
  levelOf,
  NOTICE_KINDS,
  sentenceOf,
} from "../../src/report/notices.ts";
import { NOTICE_EXAMPLES } from "./notice-examples.ts";
import { expectWritten, table } from "./written.ts";

const HEAD = `# What roamd says

Every line of the log, every event of \`roam watch\` and every value of the label \`kind\` in
\`roamd_notices_total\` is one of these. The names stay as they are; so do the fields in which the facts
stand (\`vni\`, \`mac\`, \`ip\`, \`port\`, \`vtep\`, \`seq\`, \`reason\`). The sentences are for people, and are
examples here: never look for their words in a script.

| level | means                                                                          |
| ----- | ------------------------------------------------------------------------------ |
| error | somebody must act                                                              |
| warn  | may become an error                                                            |
| info  | an event in the life of the daemon, or a host of ours that moved               |
| debug | all the rest, of which there may be very much; logged with \`--log-level debug\` |

All of them are counted in \`roamd_notices_total\`; what counts besides stands in the last column
([metrics.md](metrics.md)).

`;

function examplesOf(kind: AnyNotice["kind"]): readonly AnyNotice[] {
  return NOTICE_EXAMPLES[kind].map((example) => ({ ...example, kind }) as AnyNotice);
}

function section(heading: string, kinds: readonly AnyNotice["kind"][]): string {
  const rows = kinds.map((kind) => {
    const examples = examplesOf(kind);
    const others = new Set(examples.flatMap(countsOf).map(([counter]) => counter));
    return [
      `\`${kind}\``,
      [...new Set(examples.map(levelOf))].join(", "),
      examples.map(sentenceOf)[0] ?? "",
      [...others].map((counter) => `\`${counter}\``).join(", "),
    ];
  });
  return `## ${heading}\n\n${table(["kind", "level", "for example", "counted in"], rows)}`;
}

it("docs/notices.md tells every notice with its level, a sentence and its counters", () => {
  const decisions = new Set<AnyNotice["kind"]>(DECISION_KINDS);
  const others = NOTICE_KINDS.filter((kind) => !decisions.has(kind));
  const sections = [
    section("Decisions about hosts", DECISION_KINDS),
    section("The kernel, GoBGP, the tables, and the daemon itself", others),
  ];
  expectWritten("docs/notices.md", `${HEAD}${sections.join("\n")}`);
});

it("every sentence is one: it begins with a name or a capital, says all, and has no full stop", () => {
  for (const kind of NOTICE_KINDS) {
    for (const sentence of examplesOf(kind).map(sentenceOf)) {
      expect(sentence).toMatch(/^[A-Z0-9]|^gobgpd|^vxlan/);
      expect(sentence).not.toMatch(/undefined|\[object|NaN|\.$/);
    }
  }
});
