import { randomBytes, randomInt } from 'node:crypto';
import type { Role } from '../src/access/policy.js';
import { Editor } from '../src/accounts/editor.entity.js';
import { Passwords, type PasswordHash } from '../src/accounts/passwords.js';
import { SessionsService } from '../src/accounts/sessions.service.js';
import { SYSTEM } from '../src/access/access.js';
import { DraftingService, type ActResult, type NewArticle } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { TagsService } from '../src/articles/tags.service.js';
import { AuthorsService, type NewAuthor } from '../src/authors/authors.service.js';
import { DOCUMENT_NAME, renditionsOf } from '../src/media/renditions.js';
import { ballotHash, choicesDigest, receiptHash, receiptOf } from '../src/polls/ballot-keys.js';
import { castBallots, castValues, type CastRow, type SubmittedBallot } from '../src/polls/ballots.queries.js';
import { PollClosing } from '../src/polls/poll-closing.service.js';
import { SectionsService, type NewSection } from '../src/sections/sections.service.js';
import type { TestApp } from './test-app.js';

export interface TestEditor {
  readonly id: number;
  readonly email: string;
  /** Of an open session. */
  readonly token: string;
}

/** An editor with a session and without a password; `sections` are granted. */
export async function anEditor(world: TestApp, role: Role, ...sections: readonly number[]): Promise<TestEditor> {
  return world.tx(async (tx) => {
    const email = `editor-${randomBytes(5).toString('hex')}@center.example`;
    const { id } = await tx
      .getRepository(Editor)
      .save({ email, emailCanonical: email, name: `محرر ${role}`, role, state: 'active', version: 1 });
    for (const section of sections) await tx.query(`insert into editor_sections (editor_id, section_id) values ($1, $2)`, [id, section]);
    return { id, email, token: await world.app.get(SessionsService).open(tx, id) };
  });
}

let hash: PasswordHash | null = null;

/** The password of every editor given one by {@link withPassword}. */
export const PASSWORD = 'نخلة على الطريق القديم';

/** Gives an editor {@link PASSWORD}; hashed once for all. */
export async function withPassword<Of extends { readonly id: number }>(world: TestApp, editor: Of): Promise<Of> {
  const passwords = world.app.get(Passwords);
  hash ??= await passwords.hash(PASSWORD);
  await world.tx((tx) => passwords.set(tx, editor.id, hash!));
  return editor;
}

/** A section, an author, a tag, an article: ready to use, with what the test cares about overridden. */

export function aSection(world: TestApp, section: Partial<NewSection> = {}): Promise<{ id: number; slug: string }> {
  return world.tx((tx) => world.app.get(SectionsService).create(tx, { name: { ar: 'قسم', en: 'Section' }, ...section }));
}

export function anAuthor(world: TestApp, author: Partial<NewAuthor> = {}): Promise<{ id: number; slug: string }> {
  return world.tx((tx) => world.app.get(AuthorsService).create(tx, { name: { ar: 'كاتبة مثال', en: 'A. Writer' }, ...author }));
}

export function aTag(world: TestApp, name = 'وسم'): Promise<{ id: number; slug: string }> {
  return world.tx((tx) => world.app.get(TagsService).createTag(tx, { name: { ar: name } }));
}

export function aSeries(world: TestApp, name = 'ملف'): Promise<{ id: number; slug: string }> {
  return world.tx((tx) => world.app.get(TagsService).createSeries(tx, { name: { ar: name } }));
}

/** A draft with everything publication asks for; section and author are made when none is given. */
export async function aDraft(world: TestApp, article: Partial<NewArticle> = {}): Promise<ActResult> {
  const sectionId = article.sectionId === undefined ? (await aSection(world)).id : article.sectionId;
  const byline = article.byline ?? [{ authorId: (await anAuthor(world)).id }];
  return world.tx((tx) =>
    world.app.get(DraftingService).draft(tx, SYSTEM, {
      lang: 'ar',
      title: `مقال تجريبي ${randomInt(1e9)} عن القراءة`,
      summary: 'خلاصة قصيرة.',
      body: '<h2>تمهيد</h2><p>فقرة أولى قصيرة.</p>',
      ...article,
      sectionId,
      byline,
    }),
  );
}

export async function anArticle(
  world: TestApp,
  article: Omit<Partial<NewArticle>, 'publishedAt'> & { publishedAt?: string } = {},
): Promise<ActResult> {
  const { publishedAt, ...text } = article;
  const draft = await aDraft(world, { ...text, publishedAt: publishedAt === undefined ? null : new Date(publishedAt) });
  return world.tx((tx) => world.app.get(WorkflowService).publish(tx, SYSTEM, draft));
}

/** A picture or document as uploads leave it, without its files in storage; what the test cares about overridden. */
export async function aPicture(
  world: TestApp,
  media: Partial<{ kind: string; state: string; fileName: string; width: number; height: number; alt: object; credit: object; focal: readonly [number, number]; createdBy: number }> = {}, // prettier-ignore
): Promise<{ readonly id: number }> {
  const { kind = 'picture', state = 'ready', fileName = 'جسر.jpg', width = 1000, height = 500, alt = {}, credit = {}, focal = [0.5, 0.5], createdBy = null } = media; // prettier-ignore
  const files =
    kind === 'document'
      ? [{ name: DOCUMENT_NAME, type: 'application/pdf', width: null, height: null }]
      : [{ name: 'original.jpg', type: 'image/jpeg', width, height }, ...(state === 'ready' ? renditionsOf({ width, height }) : [])];
  return world.tx(async (tx) => {
    const [{ id }] = await tx.query<[{ id: number }]>(
      `insert into media (kind, state, file_name, width, height, alt, credit, focal_x, focal_y, created_by, failure)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $2 = 'failed' then 'broken' end) returning id`,
      [kind, state, fileName, kind === 'document' ? null : width, kind === 'document' ? null : height, alt, credit, ...focal, createdBy],
    );
    for (const { name, ...file } of files)
      await tx.query(`insert into media_files (media_id, name, type, width, height, bytes, sha256) values ($1, $2, $3, $4, $5, 1000, $6)`, [
        id,
        name,
        file.type,
        file.width,
        file.height,
        randomBytes(32),
      ]);
    return { id };
  });
}

export interface TestPoll {
  readonly id: number;
  readonly optionIds: readonly number[];
  readonly secret: Buffer;
  readonly level: number;
  readonly maxChoices: number;
}

/** An open poll of level 0 with three options; what the test cares about overridden. Straight into its tables: the desk's own acts are tested at the desk. */
export async function aPoll(
  world: TestApp,
  poll: Partial<{ level: number; maxChoices: number; options: number; results: string; state: string; opensAt: string; closesAt: string | null; articleId: number; sectionId: number; seriesId: number; onSite: boolean }> = {}, // prettier-ignore
): Promise<TestPoll> {
  const { level = 0, maxChoices = 1, options = 3, results = 'always', state = 'open', onSite = false } = poll;
  const secret = randomBytes(32);
  return world.tx(async (tx) => {
    const [{ id }] = await tx.query<[{ id: number }]>(
      `insert into polls (question, level, max_choices, results, state, opens_at, closes_at, ballot_secret, article_id, section_id, series_id, on_site)
       values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, poll_now() - interval '1 hour'),
         coalesce($7::timestamptz, case when $5 in ('closed', 'archived') then poll_now() end), $8, $9, $10, $11, $12) returning id`,
      [{ ar: 'ما رأيك؟', en: 'What do you think?' }, level, maxChoices, results, state, poll.opensAt, poll.closesAt, state === 'draft' ? null : secret, poll.articleId, poll.sectionId, poll.seriesId, onSite], // prettier-ignore
    );
    const rows = await tx.query<{ id: number }[]>(
      `insert into poll_options (poll_id, position, label)
       select $1, n, jsonb_build_object('ar', 'خيار ' || n, 'en', 'Option ' || n) from generate_series(1, $2::int) n returning id`,
      [id, options],
    );
    return { id, optionIds: rows.map((row) => row.id), secret, level, maxChoices };
  });
}

/** A ballot as it is stored, without its way through the doors: {@link castBallots} puts it there. */
export function aBallot(poll: TestPoll, ballot: Partial<SubmittedBallot> & { readonly nonce?: Buffer } = {}): SubmittedBallot {
  const { nonce = randomBytes(16), optionIds = [poll.optionIds[0]!], ...given } = ballot;
  return {
    pollId: poll.id,
    level: poll.level,
    maxChoices: poll.maxChoices,
    ballotHash: ballotHash(poll.secret, nonce),
    receiptHash: receiptHash(receiptOf(poll.secret, nonce)),
    choicesDigest: choicesDigest(optionIds),
    optionIds,
    networkKey: randomBytes(32),
    vicinityKey: randomBytes(32),
    agentKey: randomBytes(32),
    eventKey: randomBytes(32),
    groupId: null,
    ...given,
  };
}

/** Stores ballots. @returns what came of each, in their order */
export function castAll(world: TestApp, ballots: readonly SubmittedBallot[]): Promise<CastRow[]> {
  return world.dataSource.query<CastRow[]>(castBallots, castValues(ballots));
}

/** An ad with a text that has run for an hour, everywhere; what the test cares about overridden. Straight into its tables, past the desk. */
export async function anAd(
  world: TestApp,
  ad: Partial<{ slot: string; wording: object | null; pictureId: number; link: string; sectionIds: readonly number[]; startsAt: string; endsAt: string | null; weight: number }> = {}, // prettier-ignore
): Promise<{ readonly id: number }> {
  const { slot = 'home', pictureId = null, link = 'https://books.example/autumn', sectionIds = [], endsAt = null, weight = 10 } = ad;
  const { wording = pictureId === null ? { ar: 'كتب جديدة', en: 'New books' } : null } = ad;
  return world.tx(async (tx) => {
    const [{ id }] = await tx.query<[{ id: number }]>(
      `insert into ads (slot, wording, picture_id, link, starts_at, ends_at, weight, advertiser)
       values ($1, $2, $3, $4, coalesce($5::timestamptz, now() - interval '1 hour'), $6, $7, 'دار الكتب') returning id`,
      [slot, wording, pictureId, link, ad.startsAt, endsAt, weight],
    );
    await tx.query(`insert into ad_sections (ad_id, section_id) select $1, unnest($2::int[])`, [id, sectionIds]);
    return { id };
  });
}

/** An arrangement of the front page that has been in force for an hour; what the test cares about overridden. Straight into its table, without blocks. */
export async function aFront(
  world: TestApp,
  front: Partial<{ startsAt: string; endsAt: string | null; leadId: number | null }> = {},
): Promise<{ readonly id: number }> {
  const { startsAt, endsAt = null, leadId = null } = front;
  const [row] = await world.dataSource.query<[{ id: number }]>(
    `insert into fronts (starts_at, ends_at, lead_id) values (coalesce($1::timestamptz, now() - interval '1 hour'), $2, $3) returning id`,
    [startsAt, endsAt, leadId],
  );
  return row;
}

const CLOCKED = new WeakSet<TestApp>();

/** The clock of polls, in this test's own database: from now on it shows `instant`, or the true time again. */
export async function setPollClock(world: TestApp, instant: Date | null): Promise<void> {
  if (!CLOCKED.has(world)) {
    // A row, because tests move it thousands of times; as its owner, because readers look at the clock too.
    await world.dataSource.query(
      `create table poll_test_clock (at timestamptz);
       insert into poll_test_clock values (null);
       create or replace function poll_now() returns timestamptz language sql volatile parallel safe security definer
         as $$ select coalesce(at, clock_timestamp()) from public.poll_test_clock $$`,
    );
    CLOCKED.add(world);
  }
  await world.dataSource.query(`update poll_test_clock set at = $1`, [instant]);
}

/** Closes a poll as its hour would: its last crowds are judged, its result is signed. */
export function closePoll(world: TestApp, { id }: { readonly id: number }): Promise<void> {
  return world.tx(async (tx) => {
    await tx.query(`select from polls where id = $1 for no key update`, [id]);
    await world.app.get(PollClosing).close(tx, SYSTEM, id);
  });
}
