import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { Config, StartError } from './config.js';
import { Secret } from './secret.js';

const KEY = '0123456789abcdef0123456789abcdef';

describe('Config', () => {
  it('needs nothing: an empty environment gives a center on this machine with its own database and sample content', () => {
    expect({ ...new Config({}) }).toEqual({
      host: '127.0.0.1',
      port: 3000,
      publicOrigin: 'http://localhost:3000',
      databaseUrl: null,
      readerDatabaseUrl: null,
      dataDir: resolve('.data'),
      smtpUrl: null,
      secretKey: null,
      trustedProxyHops: 0,
      sampleContent: true,
      production: false,
      logLevel: 'info',
    });
  });

  it('takes everything from the environment, without the spaces around it', () => {
    expect({
      ...new Config({
        HOST: ' 0.0.0.0 ',
        PORT: '8080',
        PUBLIC_ORIGIN: 'https://Center.example/',
        DATABASE_URL: 'postgres://u:p@db/markaz',
        READER_DATABASE_URL: 'postgresql://r:p@replica/markaz',
        DATA_DIR: '/var/lib/center',
        SMTP_URL: 'smtps://mail.example',
        SECRET_KEY: KEY,
        TRUSTED_PROXY_HOPS: '2',
        SAMPLE_CONTENT: 'true',
        NODE_ENV: 'production',
        LOG_LEVEL: 'warn',
      }),
    }).toEqual({
      host: '0.0.0.0',
      port: 8080,
      publicOrigin: 'https://center.example',
      databaseUrl: 'postgres://u:p@db/markaz',
      readerDatabaseUrl: 'postgresql://r:p@replica/markaz',
      dataDir: '/var/lib/center',
      smtpUrl: 'smtps://mail.example',
      secretKey: KEY,
      trustedProxyHops: 2,
      sampleContent: true,
      production: true,
      logLevel: 'warn',
    });
  });

  it('gives no sample content to a database of one’s own, and treats an empty variable as none', () => {
    const { sampleContent, port } = new Config({ DATABASE_URL: 'postgres://db/markaz', SECRET_KEY: KEY, PORT: '', SMTP_URL: ' ' });
    expect([sampleContent, port]).toEqual([false, 3000]);
  });

  it.each([
    ['http://localhost:3000', false],
    ['http://center.localhost', false],
    ['http://127.0.0.1:3000', false],
    ['http://127.8.9.10', false],
    ['http://[::1]:3000', false],
    ['https://center.example', false],
    ['http://center.example', true],
    ['http://localhost.center.example', true],
    ['http://127.0.0.1.center.example', true],
    ['http://10.0.0.5', true],
    ['http://[::2]', true],
  ])('knows whether others may read what goes to %s: %s', (PUBLIC_ORIGIN, readable) => {
    expect(new Config({ PUBLIC_ORIGIN }).readableOnTheWay).toBe(readable);
  });

  const port = 'PORT must be a whole number from 0 to 65535.';
  const origin = 'PUBLIC_ORIGIN must be http:// or https:// with a host and nothing after it, such as https://center.example.';
  const short = 'SECRET_KEY must have at least 32 characters. Make one with: openssl rand -hex 32';
  it.each([
    [{ PORT: '65536' }, port],
    [{ PORT: '-1' }, port],
    [{ PORT: '3e3' }, port],
    [{ PORT: '٣٠٠٠' }, port],
    [{ PUBLIC_ORIGIN: 'center.example' }, origin],
    [{ PUBLIC_ORIGIN: 'ftp://center.example' }, origin],
    [{ PUBLIC_ORIGIN: 'https://center.example/ar' }, origin],
    [{ PUBLIC_ORIGIN: 'https://center.example?x' }, origin],
    [{ PUBLIC_ORIGIN: 'https://user@center.example' }, origin],
    [{ DATABASE_URL: 'mysql://u:p@db/markaz' }, 'DATABASE_URL must be a URL that starts with postgres:// or postgresql://.'],
    [{ READER_DATABASE_URL: 'db/markaz' }, 'READER_DATABASE_URL must be a URL that starts with postgres:// or postgresql://.'],
    [{ SMTP_URL: 'https://mail.example' }, 'SMTP_URL must be a URL that starts with smtp:// or smtps://.'],
    [{ SECRET_KEY: 'short' }, short],
    [
      { DATABASE_URL: 'postgres://db/markaz' },
      'SECRET_KEY must be set when DATABASE_URL is: every instance needs the same one. Make one with: openssl rand -hex 32',
    ],
    [{ TRUSTED_PROXY_HOPS: '17' }, 'TRUSTED_PROXY_HOPS must be a whole number from 0 to 16.'],
    [{ TRUSTED_PROXY_HOPS: 'true' }, 'TRUSTED_PROXY_HOPS must be a whole number from 0 to 16.'],
    [{ SAMPLE_CONTENT: 'yes' }, 'SAMPLE_CONTENT must be one of: true, false.'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of: fatal, error, warn, info, debug, trace, silent.'],
  ])('refuses %j with a sentence', (env, sentence) => {
    expect(() => new Config(env)).toThrow(new StartError(sentence));
  });

  it('never repeats what may hold a password', () => {
    for (const env of [{ DATABASE_URL: 'mysql://u:hunter2@db' }, { SMTP_URL: 'hunter2' }, { SECRET_KEY: 'hunter2' }])
      expect(() => new Config(env)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
  });
});

describe('Secret', () => {
  let scratch: string;
  const children: ChildProcess[] = [];
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'markaz-secret-'));
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(scratch, { recursive: true });
  });

  it('derives a key for each purpose that depends on the configured secret alone', () => {
    const one = Secret.for(new Config({ SECRET_KEY: KEY }));
    const other = Secret.for(new Config({ SECRET_KEY: `${KEY}0` }));
    expect(one.derive('a')).toEqual(Secret.for(new Config({ SECRET_KEY: KEY, DATA_DIR: '/elsewhere' })).derive('a'));
    expect(new Set([one.derive('a'), one.derive('b'), other.derive('a')].map((key) => key.toString('hex'))).size).toBe(3);
    expect([one.derive('a').length, one.derive('a', 4).length]).toEqual([32, 4]);
    // HKDF-SHA-256 (RFC 5869): a change here would lock every installation out of its own data.
    expect(one.derive('reader-role', 4).toString('hex')).toBe('82be7036');
  });

  it('is made at the first start, for its owner’s eyes only, and kept', () => {
    const config = new Config({ DATA_DIR: join(scratch, 'new', 'data') });
    const made = Secret.for(config).derive('a');
    const file = join(config.dataDir, 'secret-key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(readdirSync(config.dataDir)).toEqual(['secret-key']);
    expect(Secret.for(config).derive('a')).toEqual(made);
  });

  it('is one and the same for eight processes that start for the first time at once', async () => {
    const compiled = join(scratch, 'compiled');
    mkdirSync(compiled);
    writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
    symlinkSync(resolve('node_modules'), join(compiled, 'node_modules'));
    // Node runs no TypeScript.
    const { outputText } = ts.transpileModule(readFileSync(join(import.meta.dirname, 'secret.ts'), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    writeFileSync(join(compiled, 'secret.js'), outputText);
    writeFileSync(
      join(compiled, 'start.js'),
      `import { Secret } from './secret.js';
       process.on('message', (dataDirs) => process.send(dataDirs.map((dataDir) => Secret.for({ secretKey: null, dataDir }).derive('a').toString('hex'))));
       process.send('ready');`,
    );
    for (let n = 0; n < 8; n += 1) children.push(fork(join(compiled, 'start.js')));
    await Promise.all(children.map((child) => once(child, 'message')));
    // Many folders, because processes on few cores seldom meet in one.
    const dataDirs = Array.from({ length: 50 }, (_, n) => join(scratch, 'together', `${n}`));
    const answers = children.map((child) => once(child, 'message'));
    for (const child of children) child.send(dataDirs);
    const [first, ...others] = (await Promise.all(answers)).map(([keys]) => keys as string[]);
    expect(new Set(first).size).toBe(50);
    for (const keys of others) expect(keys).toEqual(first);
    expect(dataDirs.flatMap((dataDir) => readdirSync(dataDir))).toEqual(Array.from({ length: 50 }, () => 'secret-key'));
  });
});
