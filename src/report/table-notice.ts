/** What came of making a table as it should be, as far as people should hear of it. */
import type { TableName } from "../evpn/rows.ts";
import type { Applied, Reading } from "../reconcile/applied.ts";
import type { Failure } from "../reconcile/driver.ts";

export type TableNotice =
  /** A row could not be written. */
  | {
      readonly kind: "row-failed";
      readonly table: TableName;
      readonly row: string;
      readonly failure: Failure<string>["kind"];
      readonly reason: string;
    }
  /** A table was read; `wrong` rows were not as we want them. */
  | {
      readonly kind: "table-read";
      readonly table: TableName;
      readonly cause: string;
      readonly rows: number;
      readonly wrong: number;
    }
  /** Rows that stood right were changed or removed by others, and are put right. */
  | { readonly kind: "rows-drifted"; readonly table: TableName; readonly rows: number }
  | {
      readonly kind: "table-unreadable";
      readonly table: TableName;
      readonly cause: string;
      readonly reason: string;
    };

export function tableNotices(
  table: TableName,
  { failed, reading, drifted }: Pick<Applied<string, unknown>, "failed" | "reading" | "drifted">,
): readonly TableNotice[] {
  const notices = failed.map(
    ({ key, kind, reason }): TableNotice => ({
      kind: "row-failed",
      table,
      row: key,
      failure: kind,
      reason,
    }),
  );
  if (drifted !== undefined) notices.push({ kind: "rows-drifted", table, rows: drifted });
  if (reading !== undefined) notices.push(readingNotice(table, reading));
  return notices;
}

function readingNotice(table: TableName, reading: Reading): TableNotice {
  switch (reading.kind) {
    case "read": {
      const { cause, rows, wrong } = reading;
      return { kind: "table-read", table, cause, rows, wrong };
    }
    case "unreadable": {
      const { cause, reason } = reading;
      return { kind: "table-unreadable", table, cause, reason };
    }
  }
}
