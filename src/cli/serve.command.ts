import { serve } from '../main.js';
import { UsageError, type Command } from './command.js';

export const serveCenter: Command = {
  usage: 'serve',
  summary: 'Starts the center and serves it until it is interrupted.',
  help: 'Without DATABASE_URL it starts its own PostgreSQL under DATA_DIR. Ctrl-C drains and leaves nothing running.\n',
  options: {},
  async run(_values, operands) {
    if (operands.length > 0) throw new UsageError('serve takes no operands.');
    await serve(process.env);
    return 0;
  },
};
