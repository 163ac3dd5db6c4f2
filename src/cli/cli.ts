import { parseArgs } from 'node:util';
import { StartError } from '../config/config.js';
import { backUpCenter } from './backup.command.js';
import { UsageError, type Command, type OptionValues } from './command.js';
import { createEditor } from './create-editor.command.js';
import { examineCenter, examinePolls } from './doctor.command.js';
import { importPages } from './import-pages.command.js';
import { migrateDatabase } from './migrate.command.js';
import { writeOpenApi } from './openapi.command.js';
import { reindexTexts } from './reindex.command.js';
import { restoreCenter } from './restore.command.js';
import { resetSecondFactor } from './reset-second-factor.command.js';
import { serveCenter } from './serve.command.js';

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: serveCenter,
  migrate: migrateDatabase,
  'create-editor': createEditor,
  'reset-second-factor': resetSecondFactor,
  'import page': importPages,
  reindex: reindexTexts,
  backup: backUpCenter,
  restore: restoreCenter,
  doctor: examineCenter,
  'doctor polls': examinePolls,
  openapi: writeOpenApi,
};

/**
 * Runs `markaz <command> …`.
 * @param argv without node and script
 * @returns the exit code
 */
export async function run(argv: readonly string[]): Promise<number> {
  const name = Object.hasOwn(COMMANDS, argv.slice(0, 2).join(' ')) ? argv.slice(0, 2).join(' ') : (argv[0] ?? '');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    // `markaz --help`, and `markaz import --help` for a family of commands.
    const asked = ['--help', '-h', 'help'].includes(name) || ['--help', '-h'].includes(argv[1] ?? '');
    if (!asked) process.stderr.write(name === '' ? '' : `There is no command "${name}".\n\n`);
    (asked ? process.stdout : process.stderr).write(overview());
    return asked ? 0 : 2;
  }
  try {
    const rest = argv.slice(name.split(' ').length);
    const { values, positionals } = parseArgs({
      args: [...rest],
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
    if (values.help) {
      process.stdout.write(`markaz ${command.usage}\n\n${command.summary}\n\n${command.help}`);
      return 0;
    }
    return await command.run(values as OptionValues, positionals);
  } catch (error) {
    return failed(error, command);
  }
}

function failed(error: unknown, command: Command): number {
  const wrongUse = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
  if (wrongUse) process.stderr.write(`${(error as Error).message}\nusage: markaz ${command.usage}\n`);
  else if (error instanceof StartError) process.stderr.write(`${error.message}\n${causeOf(error)}`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return wrongUse ? 2 : 1;
}

/** What lay beneath, where the sentence has not said it already. */
function causeOf({ message, cause }: StartError): string {
  return cause instanceof Error && cause.message !== '' && !message.includes(cause.message) ? `  (${cause.message})\n` : '';
}

function overview(): string {
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  markaz ${usage}\n      ${summary}`);
  return `markaz — a publishing service for research centers\n\n${lines.join('\n')}\n\nEach takes --help. Settings come from the environment; see .env.example.\n`;
}
