import type { ParseArgsConfig } from 'node:util';

/** What a command does with its parsed arguments; the number is the exit code: 0 done, 1 some of it refused, 2 wrong use. */
export interface Command<Options extends ParseArgsConfig['options'] = ParseArgsConfig['options']> {
  readonly usage: string;
  readonly summary: string;
  readonly help: string;
  readonly options: Options;
  run(values: Readonly<Record<string, string | boolean | undefined>>, operands: readonly string[]): Promise<number>;
}

/** Used wrongly: the sentence is printed with the command's usage, exit code 2. */
export class UsageError extends Error {}
