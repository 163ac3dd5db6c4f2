import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound } from '../http/problem.js';
import { Published } from '../http/published.js';
import type { Cursor } from '../http/cursor.js';
import type { Lang } from '../text/language.js';
import { PollView, type ListPolls, type PollList } from './poll.dto.js';
import { pollById, pollPage, type PollsRow, type PublicPoll } from './polls.queries.js';
import { Tallies } from './tallies.service.js';

/** A page of polls as a reader page lists them: without numbers. */
export interface ReadPolls extends PollsRow {
  readonly polls: readonly PollView[];
  /** Cursor of the next page. */
  readonly next: string | null;
}

/** A poll as a page asks it. */
export interface AskedPoll extends Pick<PollsRow, 'modified' | 'settled'> {
  readonly poll: PollView;
}

/** What readers get of polls, through the reader door; numbers only of those that show them to everybody at any time. */
@Injectable()
export class PollsService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
    private readonly tallies: Tallies,
  ) {}

  async list({ lang, limit, state, cursor }: ListPolls): Promise<Published> {
    const row = await this.reader.row<PollsRow & { polls: PublicPoll[]; next: string | null }>(pollPage, [
      state,
      cursor?.key,
      cursor?.id,
      limit,
    ]);
    const { polls, next, ...found } = row!;
    const items: PollView[] = [];
    // One after the other: a page of counts must not take every connection.
    for (const poll of polls) items.push(await this.view(poll, lang, found.home));
    const list: PollList = { items, nextCursor: next };
    const nextPage = next === null ? null : this.addresses.api(['polls'], { lang, state, limit: String(limit), cursor: next });
    return new Published(answer(list, polls, found), nextPage);
  }

  /** Those that are open or closed, the newest opening first. */
  async read(state: 'open' | 'closed', limit: number, cursor: Cursor | undefined, lang: Lang | undefined): Promise<ReadPolls> {
    const row = await this.reader.row<PollsRow & { polls: PublicPoll[]; next: string | null }>(pollPage, [
      state,
      cursor?.key,
      cursor?.id,
      limit,
    ]);
    const { polls, ...found } = row!;
    const languages = { asked: lang ?? found.home, home: found.home };
    return { ...found, polls: polls.map((poll) => PollView.of(poll, null, languages, this.addresses.origin)) };
  }

  /** @throws NotFound also for a draft, and for a poll before its hour */
  async find(id: number, lang: Lang | undefined): Promise<Published> {
    const row = await this.reader.row<PollsRow & { poll: PublicPoll }>(pollById, [id]);
    if (row === null) throw new NotFound();
    const { poll, ...found } = row;
    return new Published(answer(await this.view(poll, lang, found.home), [poll], found));
  }

  /** What a poll asks, without what it has come to; null where there is none to be seen. */
  async question(id: number, lang: Lang | undefined): Promise<AskedPoll | null> {
    const row = await this.reader.row<PollsRow & { poll: PublicPoll }>(pollById, [id]);
    if (row === null) return null;
    const { poll, home, modified, settled } = row;
    return { poll: PollView.of(poll, null, { asked: lang ?? home, home }, this.addresses.origin), modified, settled };
  }

  private async view(poll: PublicPoll, lang: Lang | undefined, home: Lang): Promise<PollView> {
    const tally = poll.results === 'always' ? await this.tallies.recent(poll.id, poll.final) : null;
    // The rule could have been another when the reader door was asked.
    const shown = tally?.results === 'always' ? tally : null;
    return PollView.of(poll, shown, { asked: lang ?? home, home }, this.addresses.origin);
  }
}

/** Votes move no clock, so an answer that may hold numbers has no date. */
function answer(body: object, polls: readonly PublicPoll[], { modified, settled }: PollsRow): Published['row'] {
  const numbers = polls.some(({ results }) => results === 'always');
  return { body: JSON.stringify(body), modified: numbers ? null : modified, settled };
}
