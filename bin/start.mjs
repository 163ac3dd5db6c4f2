// npm start: one script, because npm runs no pre-scripts under ignore-scripts.
import './build.mjs';

const { run } = await import('../dist/src/cli/cli.js');
process.exitCode = await run(['serve']);
