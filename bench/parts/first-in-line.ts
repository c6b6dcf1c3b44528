/** Whether a program of the bench's that watches gets a processor before all others. */
import { execFileSync } from "node:child_process";

/**
 * Who watches a single move is not to wait for a processor behind those it watches: on two processors that
 * is up to a millisecond, the longer the more there is for them to do after what is measured (Linux 6.18).
 * Where thousands of hosts move it would keep them waiting itself.
 */
export function watchFirst(isFirst: boolean): void {
  const policy = isFirst ? ["--fifo", "--pid", "50"] : ["--other", "--pid", "0"];
  try {
    execFileSync("chrt", [...policy, String(process.pid)], { stdio: "ignore" });
  } catch (error) {
    if (!isFirst) throw error;
    // Not everybody may (CAP_SYS_NICE).
    console.error(
      `Cannot watch first, and waits for a processor like the others: ${String(error)}`,
    );
  }
}
