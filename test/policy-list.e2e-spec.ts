import fc from 'fast-check';
import { SYSTEM, type Actor } from '../src/access/access.js';
import { ROLES, may, type ActingEditor, type ArticleFacts, type Role } from '../src/access/policy.js';
import { DraftingService } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { aSection, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

// The desk's list says in SQL what the policy says in TypeScript. Worlds are made up until the two have had every chance to differ.

const SECTIONS = 7;

interface World {
  /** For each section the earlier one it stands in. */
  readonly parents: readonly (number | null)[];
  readonly editors: readonly { readonly role: Role; readonly grants: readonly number[] }[];
  readonly articles: readonly {
    /** Place of who created it among the editors; null: imported. */
    readonly creator: number | null;
    /** Section of the newest revision; null has none. */
    readonly head: number | null;
    /** Section of the revision that readers see, if they see one. */
    readonly live: number | null;
  }[];
  /** A section that is put under another once all is written, unless it is an ancestor of that. */
  readonly move: readonly [number, number];
}

const section = fc.nat({ max: SECTIONS - 1 });
const worlds: fc.Arbitrary<World> = fc.record({
  parents: fc.tuple(
    ...Array.from({ length: SECTIONS }, (_, index) =>
      index === 0 ? fc.constant(null) : fc.option(fc.nat({ max: index - 1 }), { freq: 3 }),
    ),
  ),
  editors: fc
    .array(fc.uniqueArray(section, { maxLength: 3 }), { minLength: 4, maxLength: 4 })
    // Grants that others than section editors may have kept mean nothing.
    .map((grants) => [...ROLES, 'section_editor' as const].map((role, index) => ({ role, grants: grants[index] ?? grants[0]! }))),
  articles: fc.array(
    fc.record({
      creator: fc.option(fc.nat({ max: ROLES.length })),
      head: fc.option(section, { freq: 9 }),
      live: fc.option(section, { freq: 2 }),
    }),
    { minLength: 12, maxLength: 12 },
  ),
  move: fc.tuple(section, section),
});

let app: TestApp;
let author: { id: number };

beforeAll(async () => {
  app = await startTestApp();
  author = await anAuthor(app);
});
afterAll(() => app.close());

it('lists for each editor exactly the articles that the policy lets the editor read, and opens exactly those', async () => {
  let [seen, hidden] = [0, 0];
  const agree = async (given: World): Promise<void> => {
    const { editors, articles } = await make(given);
    for (const editor of editors) {
      const allowed = articles.filter(({ facts }) => may(editor.acting, 'articles.read', facts)).map(({ id }) => id);
      const { ids, total } = await listed(editor);
      const own = new Set(articles.map(({ id }) => id));
      expect(ids.filter((id) => own.has(id)).toSorted(ascending)).toEqual(allowed.toSorted(ascending));
      expect(total).toBe(ids.length);
      const opened = await Promise.all(articles.map(async ({ id }) => [id, (await app.as(editor).get(`${LIST}/${id}`)).status] as const));
      expect(opened).toEqual(articles.map(({ id }) => [id, allowed.includes(id) ? 200 : 404]));
      seen += allowed.length;
      hidden += articles.length - allowed.length;
    }
  };
  // Each world is a few hundred requests, so a failure is shown as it came rather than made small.
  await fc.assert(fc.asyncProperty(worlds, agree), { numRuns: 12, endOnFailure: true });
  expect(Math.min(seen, hidden)).toBeGreaterThan(100);
}, 120_000);

const LIST = '/api/v1/desk/articles';
const ascending = (one: number, other: number): number => one - other;

async function make({ parents, editors, articles, move }: World): Promise<{
  editors: (TestEditor & { acting: ActingEditor })[];
  articles: { id: number; facts: ArticleFacts }[];
}> {
  const ids: number[] = [];
  for (const parent of parents) ids.push((await aSection(app, { parentId: parent === null ? null : ids[parent]! })).id);
  const made = await Promise.all(
    editors.map(async ({ role, grants }) => {
      const sections = grants.map((index) => ids[index]!);
      const editor = await anEditor(app, role, ...sections);
      return { ...editor, acting: { id: editor.id, name: 'محرر', role, sections } };
    }),
  );
  const written: number[] = [];
  for (const { creator, head, live } of articles) {
    const by: Actor = creator === null ? SYSTEM : { editor: { ...made[creator]!.acting, role: 'admin' }, requestId: null };
    const place = (index: number | null): number | null => (index === null ? null : ids[index]!);
    written.push(await write(by, place(head), place(live)));
  }
  const [moved, target] = move;
  const after = [...parents];
  if (!path(parents, target).includes(moved)) {
    after[moved] = target;
    await app.dataSource.query(`update sections set parent_id = $2 where id = $1`, [ids[moved], ids[target]]);
  }
  // What the policy is told is worked out here, from the world as it was meant, not read back.
  const lineage = (index: number | null): number[] => (index === null ? [] : path(after, index).map((one) => ids[one]!));
  return {
    editors: made,
    articles: articles.map(({ creator, head, live }, index) => ({
      id: written[index]!,
      facts: {
        createdBy: creator === null ? null : made[creator]!.id,
        state: 'draft',
        sectionPaths: live === null ? [lineage(head)] : [lineage(head), lineage(live)],
      },
    })),
  };
}

/** The section and its ancestors. */
function path(parents: readonly (number | null)[], index: number): number[] {
  const parent = parents[index] ?? null;
  return parent === null ? [index] : [index, ...path(parents, parent)];
}

async function write(by: Actor, head: number | null, live: number | null): Promise<number> {
  const [drafting, workflow] = [app.app.get(DraftingService), app.app.get(WorkflowService)];
  const text = { title: 'مقال', summary: 'خلاصة.', body: '<p>متن.</p>', byline: [{ authorId: author.id }] };
  return app.tx(async (tx) => {
    const draft = await drafting.draft(tx, by, { lang: 'ar', ...text, sectionId: live ?? head });
    if (live === null) return draft.id;
    const published = await workflow.publish(tx, SYSTEM, draft);
    await drafting.save(tx, SYSTEM, draft.id, published.version, { ...text, sectionId: head });
    return draft.id;
  });
}

/** Every page of the list, and how many the counts say there are. */
async function listed(editor: TestEditor): Promise<{ ids: number[]; total: number }> {
  const ids: number[] = [];
  for (let cursor = ''; ;) {
    const { body } = await app.as(editor).get(`${LIST}?limit=100${cursor}`).expect(200);
    ids.push(...(body.items as { id: number }[]).map(({ id }) => id));
    if (body.nextCursor === null) {
      const { due: _, ...byState } = body.counts as Record<string, number>;
      return { ids, total: Object.values(byState).reduce((sum, count) => sum + count, 0) };
    }
    cursor = `&cursor=${encodeURIComponent(body.nextCursor as string)}`;
  }
}
