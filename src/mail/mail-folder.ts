import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { Carrier, type HandOver, type Parcel } from './carrier.js';
import { composed } from './composed.js';
import type { Lane } from './kinds.js';

/** What a person is shown of a mail in the folder. */
export interface FolderMail {
  readonly id: string;
  readonly at: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** How many mails are left when there were more than twice as many: the folder is for looking, not for filing. */
const KEPT = 500;
const MAIL = /^(?<id>[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})[.]json$/;

/**
 * Where mail goes without a relay: `DATA_DIR/mail`, the message as `<id>.eml` for mail programs and its parts as `<id>.json` for /dev/mail.
 * Letters hold links that set passwords, so only the owner may look.
 */
export class MailFolder extends Carrier {
  private readonly composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  constructor(private readonly folder: string) {
    super();
  }

  async carry(_lane: Lane, parcel: Parcel, _signal: AbortSignal, handOver?: HandOver): Promise<void> {
    const { message } = await this.composer.sendMail(composed(parcel));
    const { to, subject, text, html, messageId } = parcel;
    const id = /^<([^@]+)@/.exec(messageId)![1]!;
    const shown: FolderMail = { id, at: new Date().toISOString(), to, subject, text, html };
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.write(`${id}.eml`, message as Buffer, handOver);
    await this.write(`${id}.json`, JSON.stringify(shown));
    // Counted by name, two files each: only thinning reads them all.
    if ((await this.names()).length > 2 * (2 * KEPT)) await this.thin();
  }

  async probe(): Promise<void> {}

  close(): void {}

  /** @returns all there are, newest first */
  async list(): Promise<FolderMail[]> {
    const ids = (await this.names()).flatMap((name) => MAIL.exec(name)?.groups?.['id'] ?? []);
    const mails = await Promise.all(ids.map((id) => this.find(id)));
    return mails.filter((mail) => mail !== null).toSorted((a, b) => (a.at < b.at ? 1 : -1));
  }

  async find(id: string): Promise<FolderMail | null> {
    // Also the last word on what may be part of a path.
    if (!MAIL.test(`${id}.json`)) return null;
    try {
      return JSON.parse(await readFile(join(this.folder, `${id}.json`), 'utf8')) as FolderMail;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return null;
    }
  }

  private async thin(): Promise<void> {
    const files = (await this.list()).slice(KEPT).flatMap(({ id }) => [`${id}.eml`, `${id}.json`]);
    await Promise.all(files.map((file) => rm(join(this.folder, file), { force: true })));
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return [];
    }
  }

  /** Whole or not at all: written under another name, then renamed, which is what a final dot is here. */
  private async write(name: string, content: Buffer | string, handOver?: HandOver): Promise<void> {
    const draft = join(this.folder, `.${name}.${randomBytes(6).toString('hex')}`);
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
    try {
      await handOver?.();
      await rename(draft, join(this.folder, name));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}
