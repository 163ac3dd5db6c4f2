import { writeFileSync } from 'node:fs';
import { createApp } from '../app.setup.js';
import { Config } from '../config/config.js';
import { openApiDocument } from '../http/openapi.js';
import { UsageError, type Command } from './command.js';

export const writeOpenApi: Command = {
  usage: 'openapi [--write FILE]',
  summary: 'Prints the OpenAPI document of the HTTP API; needs no database.',
  help: '  --write FILE   into a file instead\n',
  options: { write: { type: 'string' } },
  async run(values, operands) {
    if (operands.length > 0) throw new UsageError('openapi takes no operands.');
    const app = await createApp(new Config({ LOG_LEVEL: 'error' }), { main: {}, reader: {} }, false);
    const text = `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
    if (typeof values['write'] === 'string') writeFileSync(values['write'], text);
    else process.stdout.write(text);
    return 0;
  },
};
