import type { ParseArgsConfig } from 'node:util';
import type { Problem } from '../http/problem.js';

/** The options that were given; one that may be given several times has all its values. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command does with its parsed arguments; the number is the exit code: 0 done, 1 some of it refused, 2 wrong use. */
export interface Command<Options extends ParseArgsConfig['options'] = ParseArgsConfig['options']> {
  readonly usage: string;
  readonly summary: string;
  readonly help: string;
  readonly options: Options;
  run(values: OptionValues, operands: readonly string[]): Promise<number>;
}

/** Used wrongly: the sentence is printed with the command's usage, exit code 2. */
export class UsageError extends Error {}

/** A problem in one line: its sentence, and the fields it names. */
export function sentenceOf({ detail, more }: Problem): string {
  const fields = (more.errors ?? []).map(({ field }) => field);
  return fields.length === 0 ? detail.en : `${detail.en} (${fields.join(', ')})`;
}
