/**
 * Asking a process that runs in a node, and being answered: one line of JSON each way, in order.
 * Such a process is kept, because to start one takes longer than what is measured.
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** The asking side. */
export class Assistant<Question, Answer> {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #turn: Promise<unknown> = Promise.resolve();

  /** The child must have pipes for its standard input and output. */
  constructor(child: ChildProcess) {
    if (child.stdin === null || child.stdout === null) throw new Error("Cannot ask without pipes");
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  ask(question: Question): Promise<Answer> {
    const answer = this.#turn.then(() => this.#ask(question));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ask(question: Question): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`Cannot get an answer to ${JSON.stringify(question)}`);
    const answer = JSON.parse(line.value) as Answer | { readonly error: string };
    if (typeof answer === "object" && answer !== null && "error" in answer) {
      throw new Error(answer.error);
    }
    return answer as Answer;
  }
}

/** The answering side, in the process itself; ends when nobody can ask any more. */
export async function answerAll<Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: Answer | { readonly error: string };
    try {
      reply = await answer(JSON.parse(line) as Question);
    } catch (error) {
      reply = { error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
