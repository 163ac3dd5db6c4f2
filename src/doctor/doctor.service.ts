import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { MediaKind, MediaState } from '../media/media.entity.js';
import { renditionsOf } from '../media/renditions.js';
import { Storage } from '../media/storage.js';
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

const RENDERED_ANEW = `The server makes renditions anew: delete from media_files where media_id = N and name !~ '^(original|document)[.]'; update media set state = 'due', tries = 0, due_at = now() where id = N and kind = 'picture';`;

/** Of storage, with what a person does about it. */
const FILE_REPAIRS = {
  file_missing: `${RENDERED_ANEW} An original or a document comes back from a backup only, as media/N/ there.`,
  file_differs: `As with file_missing.`,
  file_without_row: `Nothing shows it: remove it from DATA_DIR/media.`,
  rendition_missing: RENDERED_ANEW,
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
    private readonly stored: Storage,
    private readonly polls: PollDoctor,
  ) {}

  /**
   * @param contents also reads every stored file and compares its hash
   * @returns what was found; nothing, where all is sound
   */
  async examine(contents: boolean): Promise<Finding[]> {
    // Before the rows: a row is there before its first file, so that a file without one is one that nobody will claim.
    const files = await this.files();
    const { found, media } = await this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(`set transaction read only`);
      await tx.query(`set local statement_timeout = 0`);
      return { found: await this.rows(tx), media: await tx.query<MediaRecord[]>(mediaOnRecord) };
    });
    return [...found, ...(await this.storage(files, media, contents)), ...(await this.ballots())];
  }

  /** What the rows alone tell, as `tx` sees them. */
  async rows(tx: EntityManager): Promise<Finding[]> {
    const found: Finding[] = [];
    for (const { name, sql, repair } of INVARIANTS) {
      const rows = (await tx.query<{ row: string }[]>(sql)).map(({ row }) => row);
      if (rows.length > 0) found.push({ invariant: name, rows, repair });
    }
    return found;
  }

  /** Bytes by `<id>/<name>`; a folder without files is one name. */
  private async files(): Promise<Map<string, number>> {
    const files = new Map<string, number>();
    for await (const { id, name, bytes } of this.stored.list()) files.set(id === 0 ? name : `${id}/${name}`, bytes);
    return files;
  }

  private async storage(files: ReadonlyMap<string, number>, records: readonly MediaRecord[], contents: boolean): Promise<Finding[]> {
    const told = new Map(
      records
        .filter(({ state }) => state !== 'removed')
        .flatMap(({ id, files: own }) => own.map((file) => [`${id}/${file.name}`, { id, ...file }])),
    );
    const [gone, strange, different]: [{ id: number; name: string }[], string[], string[]] = [[], [], []];
    for (const [place, file] of told) {
      const bytes = files.get(place);
      if (bytes === undefined) gone.push(file);
      else if (bytes !== file.bytes) different.push(place);
      else if (contents) {
        const sum = await this.sha256(file);
        if (sum === null) gone.push(file);
        else if (sum !== file.sha256) different.push(place);
      }
    }
    const states = new Map(records.map(({ id, state }) => [String(id), state]));
    for (const place of files.keys()) {
      // While a media is taken in, rendered or removed, files come before their rows and go after them.
      const still = ['ready', 'failed', undefined].includes(states.get(place.split('/', 1)[0]!));
      if (!told.has(place) && still) strange.push(place);
    }
    const all = {
      file_missing: await this.stillTold(gone),
      file_differs: different,
      file_without_row: strange.length === 0 ? [] : await this.stillThere(strange),
      rendition_missing: records.filter(lacksRenditions).map(({ id }) => `media ${id}`),
    };
    return (Object.keys(all) as (keyof typeof all)[])
      .filter((invariant) => all[invariant].length > 0)
      .map((invariant) => ({ invariant, rows: all[invariant].toSorted(), repair: FILE_REPAIRS[invariant] }));
  }

  /** What was made or removed while we looked is not missing. */
  private async stillTold(files: readonly { id: number; name: string }[]): Promise<string[]> {
    if (files.length === 0) return [];
    const rows = await this.dataSource.query<{ row: string }[]>(stillOnRecord, [files.map(({ id }) => id), files.map(({ name }) => name)]);
    const now = await this.files();
    return rows.map(({ row }) => row).filter((place) => !now.has(place));
  }

  private async stillThere(places: readonly string[]): Promise<string[]> {
    const now = await this.files();
    return places.filter((place) => now.has(place));
  }

  /** @returns null where the file has gone meanwhile */
  private async sha256({ id, name }: { id: number; name: string }): Promise<string | null> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of await this.stored.read(id, name)) hash.update(chunk as Buffer);
      return hash.digest('hex');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return null;
    }
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
