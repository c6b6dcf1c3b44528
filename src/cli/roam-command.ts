/** A command as it stands in the help and in `docs/cli.md`: with examples that can be read off it. */
import { Command } from "commander";

export class RoamCommand extends Command {
  readonly examples: string[] = [];

  constructor(name?: string) {
    super(name);
    this.addHelpText("after", () => this.#exampleText());
  }

  override createCommand(name?: string): RoamCommand {
    return new RoamCommand(name);
  }

  /** A command of this one, with its settings. */
  add(name: string, summary: string): RoamCommand {
    const command = this.command(name) as RoamCommand;
    return command.description(summary);
  }

  /** Lines that `roam` takes, without its own name. */
  example(...lines: readonly string[]): this {
    this.examples.push(...lines);
    return this;
  }

  #exampleText(): string {
    const head = this.examples.length > 1 ? "Examples" : "Example";
    return `\n${head}:\n${this.examples.map((line) => `  roam ${line}\n`).join("")}`;
  }
}
