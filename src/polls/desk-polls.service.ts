import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import type { Actor, EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { pollLocked } from '../http/constraints.js';
import { Problem, type Sentence } from '../http/problem.js';
import { fieldRefused, noSuchThing, staleVersion } from '../http/refusals.js';
import { held } from '../http/versioned.js';
import { cleanProse } from '../text/clean.js';
import { LANGS } from '../text/language.js';
import { cleanWording, type Wording } from '../text/wording.js';
import type { DeskPoll, DeskPollList, DraftPoll, ListDeskPolls, PatchPoll, PutPoll } from './desk-poll.dto.js';
import { pollTurn } from './ballots.queries.js';
import { deskPoll, deskPollPage, lastEdit, standingOf, type Standing } from './desk-polls.queries.js';
import { PollClosing } from './poll-closing.service.js';
import { LEVELS, Poll, PollOption, type Level, type PollState, type ResultsRule } from './poll.entity.js';

/** What editors say of a poll. */
interface PollText {
  readonly question: Wording;
  readonly intro: Wording;
  readonly options: readonly Wording[];
  readonly level: Level;
  readonly maxChoices: number;
  readonly results: ResultsRule;
  readonly opensAt: Date | null;
  readonly closesAt: Date | null;
  readonly place: {
    readonly site: boolean;
    readonly sectionId: number | null;
    readonly seriesId: number | null;
    readonly articleId: number | null;
  };
}

/** What was sent of it. */
type Given = Partial<Omit<PollText, 'level' | 'place'>> & { readonly level?: number; readonly place?: Partial<PollText['place']> };

/** The poll of an act, in the version its editor saw. */
type Target = Pick<Poll, 'id' | 'version'>;

const NOWHERE: PollText['place'] = { site: false, sectionId: null, seriesId: null, articleId: null };
const BLANK: PollText = {
  question: {},
  intro: {},
  options: [],
  level: 1,
  maxChoices: 1,
  results: 'after_vote',
  opensAt: null,
  closesAt: null,
  place: NOWHERE,
};
const FIELDS = Object.keys(BLANK) as (keyof PollText)[];

/** What a ballot has answered: once there is one, it stays. */
const ANSWERED: readonly (keyof PollText)[] = ['question', 'intro', 'options', 'level', 'maxChoices', 'results'];

/** Polls at the desk: drafts, and the acts that open, close, archive and supersede them. */
@Injectable()
export class DeskPollsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly closing: PollClosing,
    private readonly audit: AuditService,
  ) {}

  list(query: ListDeskPolls): Promise<DeskPollList> {
    return deskPollPage(this.dataSource.manager, query);
  }

  /** @throws Problem 404 */
  find(id: number): Promise<DeskPoll> {
    return whole(this.dataSource.manager, id);
  }

  /** @throws Problem 422 `level_not_available`, `unknown_reference`, `closes_before_opening` */
  create(by: EditorActor, poll: DraftPoll): Promise<DeskPoll> {
    return inTransaction(this.dataSource, async (tx) => whole(tx, (await this.draft(tx, by, poll)).id));
  }

  /** A new draft; nothing of it is public. @throws as {@link create} */
  async draft(
    tx: EntityManager,
    actor: Actor,
    poll: Given & { readonly question: Wording },
    supersedes: number | null = null,
  ): Promise<Target> {
    const text = textOf(poll, BLANK);
    const editor = actor.editor?.id ?? null;
    const row: Partial<Poll> = { ...columnsOf(text, FIELDS), supersedes, createdBy: editor, editedBy: editor };
    const { id } = (await tx.getRepository(Poll).insert(row as QueryDeepPartialEntity<Poll>)).identifiers[0] as { id: number };
    await writeOptions(tx, { id, state: 'draft' }, text.options);
    const what = differences(null, { ...text, ...(supersedes !== null && { supersedes }) });
    await this.audit.record(tx, actor, { act: 'polls.create', object: { type: 'poll', id }, ...what });
    return { id, version: 1 };
  }

  /** The whole poll again. @throws as {@link patch} */
  put(by: EditorActor, id: number, { version, ...given }: PutPoll): Promise<DeskPoll> {
    return this.save(by, { id, version }, given, BLANK);
  }

  /**
   * Parts of it. What is sent back as it is counts as no change: where there is nothing else, no version, no entry in the log, no new answer.
   * @throws Problem 404; 409 `stale_version`, `poll_locked`, `wrong_state`; 422 as {@link create}, and for an open poll as {@link open}
   */
  patch(by: EditorActor, id: number, { version, ...given }: PatchPoll): Promise<DeskPoll> {
    return this.save(by, { id, version }, given);
  }

  /** @param rest for what is not given; without it what the poll says now */
  private save(by: EditorActor, target: Target, given: Given, rest?: PollText): Promise<DeskPoll> {
    return this.carryOut(target, async (tx, poll, standing) => {
      const before = await textIn(tx, poll);
      const after = timed(textOf(given, rest ?? before), before, poll.state, standing);
      const changed = FIELDS.filter((field) => !isDeepStrictEqual(after[field], before[field]));
      if (changed.length === 0) return;
      refuseChange(poll.state, standing, changed);
      if (poll.state === 'open') refuseUnfit(after);
      if (poll.state === 'open' && changed.includes('closesAt')) refusePastClosing(after, standing);
      await advance(tx, by, poll.id, columnsOf(after, changed));
      if (changed.includes('options')) await writeOptions(tx, poll, after.options);
      await this.audit.record(tx, by, { act: 'polls.change', object: { type: 'poll', id: poll.id }, ...differences(before, after) });
    });
  }

  /**
   * Opens a draft, at once or for the hour it asks for.
   * @throws Problem 404; 409 `stale_version`, `wrong_state`; 422 `options_missing`, `options_alike`, `too_many_choices`, `closes_in_past`
   */
  open(by: EditorActor, target: Target): Promise<DeskPoll> {
    return this.carryOut(target, (tx, poll, standing) => this.openPoll(tx, by, poll, standing));
  }

  /** As {@link open}, within the transaction that made the draft. */
  async openDraft(tx: EntityManager, actor: Actor, target: Target): Promise<void> {
    const poll = await begin(tx, target);
    await this.openPoll(tx, actor, poll, await standingOf(tx, poll.id));
  }

  private async openPoll(tx: EntityManager, actor: Actor, poll: Poll, standing: Standing): Promise<void> {
    if (poll.state !== 'draft') throw wrongState(poll.state);
    const text = await textIn(tx, poll);
    refuseUnfit(text);
    refusePastClosing(text, standing);
    const opened = { state: 'open', opensAt: later(poll.opensAt, standing.now) } as const;
    await advance(tx, actor, poll.id, { ...opened, ballotSecret: randomBytes(32) });
    await this.note(tx, actor, 'polls.open', poll, opened);
  }

  /**
   * Closes it now. One that still waits for its hour has been seen by nobody: it becomes a draft again.
   * @throws Problem 404; 409 `stale_version`, `wrong_state`
   */
  close(by: EditorActor, target: Target): Promise<DeskPoll> {
    return this.carryOut(target, async (tx, poll, standing) => {
      if (poll.state !== 'open') throw wrongState(poll.state);
      if (standing.begun) return this.closing.close(tx, by, poll.id);
      const drafted = { state: 'draft' } as const;
      await advance(tx, by, poll.id, { ...drafted, ballotSecret: null });
      await this.note(tx, by, 'polls.close', poll, drafted);
    });
  }

  /** Takes a closed poll off the pages where it stands. @throws Problem 404; 409 `stale_version`, `wrong_state` */
  archive(by: EditorActor, target: Target): Promise<DeskPoll> {
    return this.carryOut(target, async (tx, poll) => {
      if (poll.state !== 'closed') throw wrongState(poll.state);
      const archived = { state: 'archived' } as const;
      await advance(tx, by, poll.id, archived);
      await this.note(tx, by, 'polls.archive', poll, archived);
    });
  }

  /**
   * For a mistake in what readers have answered already: closes the poll, and makes a draft that says the same and points back to it.
   * @throws Problem 404; 409 `stale_version`, `wrong_state`, `already_superseded`
   */
  supersede(by: EditorActor, target: Target): Promise<DeskPoll> {
    return this.carryOut(target, async (tx, poll, standing) => {
      if (poll.state === 'draft') throw wrongState('draft');
      if (poll.state === 'open' && !standing.begun) throw wrongState('waiting');
      if (await tx.getRepository(Poll).existsBy({ supersedes: poll.id })) throw alreadySuperseded();
      if (poll.state === 'open') await this.closing.close(tx, by, poll.id);
      else await advance(tx, by, poll.id, {});
      const successor = await this.draft(tx, by, { ...(await textIn(tx, poll)), opensAt: null, closesAt: null }, poll.id);
      const after = { supersededBy: successor.id };
      await this.audit.record(tx, by, { act: 'polls.supersede', object: { type: 'poll', id: poll.id }, after });
    });
  }

  /** Begins an act, does it, and gives the whole poll as the act left it. */
  private carryOut(target: Target, act: (tx: EntityManager, poll: Poll, standing: Standing) => Promise<void>): Promise<DeskPoll> {
    return inTransaction(this.dataSource, async (tx) => {
      const poll = await begin(tx, target);
      await act(tx, poll, await standingOf(tx, poll.id));
      return whole(tx, poll.id);
    });
  }

  private note(tx: EntityManager, actor: Actor, act: string, poll: Poll, changes: Partial<Poll>): Promise<void> {
    return this.audit.record(tx, actor, { act, object: { type: 'poll', id: poll.id }, ...differences(poll, { ...poll, ...changes }) });
  }
}

/** The poll, which nobody else changes or votes in until the transaction ends. @throws Problem 404; 409 `stale_version` */
async function begin(tx: EntityManager, { id, version }: Target): Promise<Poll> {
  await tx.query(pollTurn, [id]);
  const poll = await held(tx, Poll, id);
  if (poll.version !== version) throw staleVersion(poll.version, await lastEdit(tx, id));
  return poll;
}

/** @throws Problem 404 */
async function whole(tx: EntityManager, id: number): Promise<DeskPoll> {
  const poll = await deskPoll(tx, id);
  if (poll === null) throw noSuchThing();
  return poll;
}

/** Writes columns of a poll that {@link begin} holds: one version further. */
async function advance(tx: EntityManager, actor: Actor, id: number, columns: Partial<Poll>): Promise<void> {
  const row = { ...columns, version: () => 'version + 1', editedAt: () => 'now()', editedBy: actor.editor?.id ?? null };
  await tx.getRepository(Poll).update({ id }, row as QueryDeepPartialEntity<Poll>);
}

/**
 * Options keep their ids by position. In a poll that is open one that reads otherwise is another option: pages that readers have before them
 * must not vote for what they do not show.
 */
async function writeOptions(tx: EntityManager, { id, state }: Pick<Poll, 'id' | 'state'>, options: readonly Wording[]): Promise<void> {
  await tx.query(
    `delete from poll_options o using (select $3::jsonb as given) new
     where o.poll_id = $1 and (o.position > $2 or $4 and o.label <> new.given -> (o.position - 1))`,
    [id, options.length, JSON.stringify(options), state !== 'draft'],
  );
  await tx.query(
    `insert into poll_options (poll_id, position, label)
     select $1, position, label from jsonb_array_elements($2::jsonb) with ordinality as o (label, position)
     on conflict on constraint poll_options_poll_id_position_key do update set label = excluded.label`,
    [id, JSON.stringify(options)],
  );
}

async function textIn(tx: EntityManager, poll: Poll): Promise<PollText> {
  const options = await tx.getRepository(PollOption).find({ where: { pollId: poll.id }, order: { position: 'ASC' } });
  const { question, intro, level, maxChoices, results, opensAt, closesAt, onSite, sectionId, seriesId, articleId } = poll;
  const place = { site: onSite, sectionId, seriesId, articleId };
  return { question, intro, options: options.map(({ label }) => label), level, maxChoices, results, opensAt, closesAt, place };
}

/** What was given, over what there is; options and place are given whole. @throws Problem 422 `level_not_available` */
function textOf(given: Given, rest: PollText): PollText {
  const { opensAt, closesAt, place } = given;
  return {
    question: given.question ? cleanWording(given.question) : rest.question,
    intro: given.intro ? cleanWording(given.intro, cleanProse) : rest.intro,
    options: given.options?.map((label) => cleanWording(label)) ?? rest.options,
    level: given.level === undefined ? rest.level : availableLevel(given.level),
    maxChoices: given.maxChoices ?? rest.maxChoices,
    results: given.results ?? rest.results,
    opensAt: opensAt === undefined ? rest.opensAt : opensAt,
    closesAt: closesAt === undefined ? rest.closesAt : closesAt,
    place: place
      ? {
          site: place.site ?? false,
          sectionId: place.sectionId ?? null,
          seriesId: place.seriesId ?? null,
          articleId: place.articleId ?? null,
        }
      : rest.place,
  };
}

/** Answers show whole seconds, so a moment that comes back as it was shown is the one that stands. One that has opened has its moment. */
function timed(text: PollText, before: PollText, state: PollState, { now, begun }: Standing): PollText {
  const closesAt = sameSecond(text.closesAt, before.closesAt) ? before.closesAt : text.closesAt;
  const stays = sameSecond(text.opensAt, before.opensAt) || (state !== 'draft' && begun && text.opensAt === null);
  if (stays) return { ...text, closesAt, opensAt: before.opensAt };
  // It waits for its hour: a new one, and none is at once.
  return { ...text, closesAt, opensAt: state === 'open' && !begun ? later(text.opensAt, now) : text.opensAt };
}

function sameSecond(one: Date | null, other: Date | null): boolean {
  return one !== null && other !== null && Math.floor(one.getTime() / 1000) === Math.floor(other.getTime() / 1000);
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other;
}

function columnsOf(text: PollText, fields: readonly (keyof PollText)[]): Partial<Poll> {
  const { options: _, place, ...own } = text;
  const { site: onSite, ...where } = place;
  const chosen = Object.entries(own).filter(([field]) => fields.some((one) => one === field));
  return { ...Object.fromEntries(chosen), ...(fields.includes('place') && { onSite, ...where }) };
}

/** @throws Problem 409 `poll_locked` naming the field; `wrong_state` */
function refuseChange(state: PollState, { begun, ended, voted }: Standing, changed: readonly (keyof PollText)[]): void {
  const answered = changed.find((field) => ANSWERED.includes(field));
  if (voted && answered !== undefined) throw pollLocked(answered);
  // Closed is what readers find closed, whether or not it has been written down.
  const found = state === 'open' && ended ? 'closed' : state;
  if ((found === 'closed' || found === 'archived') && changed.some((field) => field !== 'place')) throw wrongState(found);
  if (found === 'open' && begun && changed.includes('opensAt')) throw wrongState(found, 'opensAt');
}

/** What readers may be asked. @throws Problem 422 `options_missing`, `too_many_choices`, `options_alike` */
function refuseUnfit({ options, maxChoices }: PollText): void {
  if (options.length < 2) {
    const message = { ar: 'يلزم خياران على الأقل.', en: 'At least two options are needed.' };
    throw fieldRefused(422, 'options_missing', 'options', message);
  }
  if (maxChoices > options.length) {
    const message = { ar: 'الاختيارات المسموحة أكثر من الخيارات.', en: 'More choices are allowed than there are options.' };
    throw fieldRefused(422, 'too_many_choices', 'maxChoices', message);
  }
  for (const lang of LANGS) {
    const labels = options.map((label) => label[lang]).filter((text) => text !== undefined);
    if (new Set(labels).size === labels.length) continue;
    const message = { ar: 'خياران بالنص نفسه في لغة واحدة.', en: 'Two options read the same in one language.' };
    throw fieldRefused(422, 'options_alike', 'options', message);
  }
}

/** @throws Problem 422 `closes_in_past` */
function refusePastClosing({ closesAt }: PollText, { now }: Standing): void {
  if (closesAt === null || closesAt > now) return;
  const message = { ar: 'موعد الإغلاق مضى. اختر موعدًا آتيًا.', en: 'The moment of closing has passed. Choose a later one.' };
  throw fieldRefused(422, 'closes_in_past', 'closesAt', message, 'future');
}

/** @throws Problem 422 `level_not_available` */
function availableLevel(level: number): Level {
  const available = LEVELS.find((one) => one === level);
  if (available !== undefined) return available;
  const message = { ar: 'المستويات المتاحة: 0 و1 و3.', en: 'The levels available are 0, 1 and 3.' };
  throw fieldRefused(422, 'level_not_available', 'level', message);
}

/** @param field what was to be changed, where the state itself would allow a change */
function wrongState(state: PollState | 'waiting', field = 'state'): Problem {
  return fieldRefused(409, 'wrong_state', field, STATES[state], state);
}

const STATES: Record<PollState | 'waiting', Sentence> = {
  draft: { ar: 'الاستطلاع مسودة؛ لا يصح هذا قبل فتحه.', en: 'The poll is a draft; this comes after it was opened.' },
  waiting: { ar: 'الاستطلاع ينتظر موعده، فلا يصح هذا؛ عدّله كما هو.', en: 'The poll waits for its hour; change it as it stands.' },
  open: { ar: 'الاستطلاع مفتوح، فلا يصح هذا الآن.', en: 'The poll is open, which does not allow this.' },
  closed: { ar: 'الاستطلاع مغلق، فلا يصح هذا.', en: 'The poll is closed, which does not allow this.' },
  archived: { ar: 'الاستطلاع في الأرشيف، فلا يصح هذا.', en: 'The poll is archived, which does not allow this.' },
};

function alreadySuperseded(): Problem {
  return new Problem(409, 'already_superseded', {
    ar: 'لهذا الاستطلاع بديل من قبل.',
    en: 'Another poll supersedes this one already.',
  });
}
