import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { MediaKind, MediaState } from '../media/media.entity.js';
import { MediaFolder, type StoredFile } from '../media/media-folder.js';
import { renditionsOf } from '../media/renditions.js';
import { PollDoctor } from '../polls/poll-doctor.service.js';
import { INVARIANTS, mediaOnRecord, stillOnRecord } from './invariants.queries.js';

/** Something that must not be. */
export interface Finding {
  /** Stable: programs know it by this. */
  readonly invariant: string;
  /** The offenders. */
  readonly rows: readonly string[];
  /** What a person does about it. */
  readonly repair: string;
}

interface MediaRecord {
  readonly id: number;
  readonly kind: MediaKind;
  readonly state: MediaState;
  readonly width: number | null;
  readonly height: number | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/** A file younger than this may be at work; older ones without a row were left behind. */
const SETTLED_MS = 60_000;

/** Of storage, with what a person does about it. */
const FILE_REPAIRS = {
  file_missing: `A rendition is made anew: delete from media_files where (media_id, name) = (N, '…'); update media set state = 'due', due_at = now() where id = N; an original comes back from a backup's media/N/ only.`,
  file_differs: `Remove the file, then as with file_missing.`,
  file_without_row: `Nothing shows it: remove it from DATA_DIR/media.`,
  rendition_missing: `update media set state = 'due', tries = 0, due_at = now() where id = N; the server makes its renditions anew.`,
} as const;

/** Of polls: what the server has not yet done, and what nobody can mend. */
const POLL_REPAIRS: Readonly<Record<string, string>> = {
  other_key: 'After an exchange of SECRET_KEY no fault. Else somebody else has signed: compare with the file that was published.',
  unsigned_result: 'Start the server: it signs what is closed. If one is running, read its log.',
};
const LATE_POLL = 'Start the server: its jobs do so within minutes. If one is running, read its log.';
const BROKEN_POLL = 'Votes cannot be mended by hand. Restore a backup from before, or close the poll and say at its results what happened.';

/** Looks for what must not be, in the database and in storage, and changes nothing. */
@Injectable()
export class Doctor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly folder: MediaFolder,
    private readonly polls: PollDoctor,
  ) {}

  /**
   * @param contents also reads every stored file and compares its hash
   * @returns what was found; nothing, where all is sound
   */
  async examine(contents: boolean): Promise<Finding[]> {
    const found: Finding[] = [];
    const media = await this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(`set transaction read only`);
      await tx.query(`set local statement_timeout = 0`);
      // The files are looked at outside the transaction, which does nothing meanwhile.
      for (const { name, sql, repair } of INVARIANTS) {
        const rows = (await tx.query<{ row: string }[]>(sql)).map(({ row }) => row);
        if (rows.length > 0) found.push({ invariant: name, rows, repair });
      }
      return tx.query<MediaRecord[]>(mediaOnRecord);
    });
    return [...found, ...(await this.storage(media, contents)), ...(await this.ballots())];
  }

  private async storage(records: readonly MediaRecord[], contents: boolean): Promise<Finding[]> {
    const missing = new Map(
      records
        .filter(({ state }) => state !== 'removed')
        .flatMap(({ id, files }) => files.map((file) => [`${id}/${file.name}`, { id, ...file }])),
    );
    const [strange, different]: [string[], string[]] = [[], []];
    const states = new Map(records.map(({ id, state }) => [id, state]));
    const settled = Date.now() - SETTLED_MS;
    for await (const file of this.folder.list()) {
      const place = file.id === 0 ? file.name : `${file.id}/${file.name}`;
      const told = missing.get(place);
      missing.delete(place);
      if (told && (told.bytes !== file.bytes || (contents && told.sha256 !== (await this.sha256(file))))) different.push(place);
      // While a media is being taken in, rendered or removed, files come and go before their rows.
      const still = ['ready', 'failed', undefined].includes(states.get(file.id));
      if (!told && still && file.modifiedAt.getTime() < settled) strange.push(place);
    }
    const gone = await this.stillTold([...missing.values()]);
    const bare = records.filter(lacksRenditions).map(({ id }) => `media ${id}`);
    const all = { file_missing: gone, file_differs: different, file_without_row: strange, rendition_missing: bare };
    return (Object.keys(all) as (keyof typeof all)[])
      .filter((invariant) => all[invariant].length > 0)
      .map((invariant) => ({ invariant, rows: all[invariant].toSorted(), repair: FILE_REPAIRS[invariant] }));
  }

  /** What was removed while we looked is not missing. */
  private async stillTold(files: readonly { id: number; name: string }[]): Promise<string[]> {
    if (files.length === 0) return [];
    const manager: EntityManager = this.dataSource.manager;
    const rows = await manager.query<{ row: string }[]>(stillOnRecord, [files.map(({ id }) => id), files.map(({ name }) => name)]);
    return rows.map(({ row }) => row);
  }

  private async sha256({ id, name }: StoredFile): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.folder.read(id, name)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  private async ballots(): Promise<Finding[]> {
    const found = new Map<string, string[]>();
    const note = (fault: string, row: string): void => void found.set(fault, [...(found.get(fault) ?? []), row]);
    for await (const { id, faults } of this.polls.examine()) for (const { fault, rows } of faults) note(fault, `poll ${id} (${rows})`);
    const salts = await this.polls.overdueSalts();
    if (salts > 0) note('overdue_salts', String(salts));
    return [...found].map(([fault, rows]) => ({
      invariant: `polls.${fault}`,
      rows,
      repair: POLL_REPAIRS[fault] ?? (/^overdue|^unfinished|_left$/.test(fault) ? LATE_POLL : BROKEN_POLL),
    }));
  }
}

/** Whether what it is served in is not all there. */
function lacksRenditions({ kind, state, width, height, files }: MediaRecord): boolean {
  if (kind !== 'picture' || state !== 'ready' || width === null || height === null) return false;
  const names = new Set(files.map(({ name }) => name));
  return renditionsOf({ width, height }).some(({ name }) => !names.has(name));
}
