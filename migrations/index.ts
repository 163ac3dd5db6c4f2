import { Foundation1795392000000 } from './1-foundation.js';

/** Every migration, in order. An explicit list: globs are not found under Vitest. */
export const migrations = [Foundation1795392000000];
