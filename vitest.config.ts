import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
    // Forks for `process` signals and native modules; one module registry per worker, because importing Nest and TypeORM afresh
    // for each file quadruples the time of the suite. So nothing may read process.env at import time.
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    hookTimeout: 60_000,
    testTimeout: 20_000,
    include: ['test/**/*.e2e-spec.ts', 'src/**/*.spec.{ts,tsx}'],
    globalSetup: ['test/global.ts'],
    setupFiles: ['test/setup.ts'],
  },
});
