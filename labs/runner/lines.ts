/** The lines a child process writes, as they come. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

export function onLine(child: ChildProcess, heard: (line: string) => void): void {
  if (child.stdout === null) throw new Error("Cannot read a process without a pipe");
  createInterface({ input: child.stdout }).on("line", heard);
}
