import { resolve } from 'node:path';

/** The start was refused for a reason a person can act on: print the message, no stack. */
export class StartError extends Error {}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Everything the environment decides, validated once. The only reader of `process.env` besides the tests. */
export class Config {
  readonly host: string;
  readonly port: number;
  /** Base of every absolute URL, without a final slash; never taken from a request. */
  readonly publicOrigin: string;
  /** The primary PostgreSQL, or null for the embedded one. */
  readonly databaseUrl: string | null;
  /** Where published content is read (may be a replica), or null for a role of our own on the primary. */
  readonly readerDatabaseUrl: string | null;
  /** Absolute path of the embedded database, development mail and generated secrets. */
  readonly dataDir: string;
  readonly smtpUrl: string | null;
  /** As given, or null: then it is generated into `dataDir` beside the embedded database. */
  readonly secretKey: string | null;
  /** How many proxies' `X-Forwarded-For` entries are believed. */
  readonly trustedProxyHops: number;
  /** Whether an empty database gets the sample center. */
  readonly sampleContent: boolean;
  readonly production: boolean;
  readonly logLevel: string;

  /** @throws StartError naming the first variable that cannot be used, and what it may be */
  constructor(env: NodeJS.ProcessEnv) {
    const given = (name: string): string | null => env[name]?.trim() || null;
    this.host = given('HOST') ?? '127.0.0.1';
    this.port = wholeNumber('PORT', given('PORT') ?? '3000', 65_535);
    this.publicOrigin = origin('PUBLIC_ORIGIN', given('PUBLIC_ORIGIN') ?? `http://localhost:${this.port}`);
    this.databaseUrl = url('DATABASE_URL', given('DATABASE_URL'), ['postgres:', 'postgresql:']);
    this.readerDatabaseUrl = url('READER_DATABASE_URL', given('READER_DATABASE_URL'), ['postgres:', 'postgresql:']);
    this.dataDir = resolve(given('DATA_DIR') ?? '.data');
    this.smtpUrl = url('SMTP_URL', given('SMTP_URL'), ['smtp:', 'smtps:']);
    this.secretKey = secret(given('SECRET_KEY'), this.databaseUrl !== null);
    this.trustedProxyHops = wholeNumber('TRUSTED_PROXY_HOPS', given('TRUSTED_PROXY_HOPS') ?? '0', 16);
    this.sampleContent = yesOrNo('SAMPLE_CONTENT', given('SAMPLE_CONTENT') ?? String(this.databaseUrl === null));
    this.production = given('NODE_ENV') === 'production';
    this.logLevel = oneOf('LOG_LEVEL', given('LOG_LEVEL') ?? 'info', LOG_LEVELS);
  }

  /** Whether passwords and sessions travel where others may read them: plain http, and not to this machine alone. */
  get readableOnTheWay(): boolean {
    const { protocol, hostname } = new URL(this.publicOrigin);
    return protocol === 'http:' && !/^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  }
}

function wholeNumber(name: string, value: string, max: number): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > max) throw new StartError(`${name} must be a whole number from 0 to ${max}.`);
  return Number(value);
}

function oneOf(name: string, value: string, choices: readonly string[]): string {
  if (!choices.includes(value)) throw new StartError(`${name} must be one of: ${choices.join(', ')}.`);
  return value;
}

function yesOrNo(name: string, value: string): boolean {
  return oneOf(name, value, ['true', 'false']) === 'true';
}

function url(name: string, value: string | null, protocols: readonly string[]): string | null {
  if (value === null) return null;
  // The value is not repeated in the sentence: it usually holds a password.
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
    throw new StartError(`${name} must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`);
  }
  return value;
}

function origin(name: string, value: string): string {
  const parsed = URL.canParse(value) ? new URL(value) : null;
  const bare = parsed && /^https?:$/.test(parsed.protocol) && parsed.pathname === '/' && !parsed.search && !parsed.hash && !parsed.username;
  if (!bare) throw new StartError(`${name} must be http:// or https:// with a host and nothing after it, such as https://center.example.`);
  return parsed.origin;
}

function secret(value: string | null, required: boolean): string | null {
  if (value === null && required) {
    throw new StartError(
      'SECRET_KEY must be set when DATABASE_URL is: every instance needs the same one. Make one with: openssl rand -hex 32',
    );
  }
  if (value !== null && value.length < 32)
    throw new StartError('SECRET_KEY must have at least 32 characters. Make one with: openssl rand -hex 32');
  return value;
}
