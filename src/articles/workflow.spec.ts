import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTICLE_STATES } from '../access/policy.js';
import { TRANSITIONS, obstacle, type WorkflowAct } from './workflow.js';

const DOCS = join(import.meta.dirname, '..', '..', 'docs', 'workflow.md');

/** The table of docs/workflow.md, as the one in code would write it. */
function table(): string {
  const list = (names: readonly (string | null)[]): string => names.map((name) => name ?? 'never public').join(', ');
  const rows = Object.entries(TRANSITIONS).map(
    ([act, { from, status, to, becomes }]) =>
      `| \`${act}\` | ${list(from)} | ${list(status)} | ${to ?? 'as it was'} | ${becomes ?? 'as it was'} |`,
  );
  return ['| act | from | while the public sees | state after | status after |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

it('stands in docs/workflow.md as it stands in code', () => {
  const shown = readFileSync(DOCS, 'utf8');
  expect(shown, `docs/workflow.md must hold:\n${table()}`).toContain(table());
});

// From contract.md, "Desk API", by hand: the states that allow each act, and where it leads.
const BY_CONTRACT: readonly [act: WorkflowAct, from: readonly string[], to: string | null][] = [
  ['save', ['draft', 'in_review', 'returned', 'approved', 'published'], 'draft'],
  ['submit', ['draft', 'returned'], 'in_review'],
  ['return', ['in_review', 'approved'], 'returned'],
  ['approve', ['in_review'], 'approved'],
  ['schedule', ['draft', 'in_review', 'returned', 'approved'], 'scheduled'],
  ['unschedule', ['scheduled'], 'approved'],
  ['publish', ['draft', 'in_review', 'returned', 'approved'], 'published'],
];

it.each(BY_CONTRACT)('%s is allowed from %j and leads to %s', (act, from, to) => {
  expect(ARTICLE_STATES.filter((state) => obstacle(act, { state, status: null }) === null)).toEqual(from);
  expect(TRANSITIONS[act].to).toBe(to);
});

it('knows what is done to what readers see', () => {
  const allowed = (act: WorkflowAct): (string | null)[] =>
    ([null, 'published', 'corrected', 'retracted', 'withdrawn'] as const).filter(
      (status) => obstacle(act, { state: 'approved', status }) === null,
    );
  expect(allowed('publish')).toEqual([null, 'published', 'corrected']);
  expect(allowed('schedule')).toEqual([null, 'published', 'corrected']);
  expect(allowed('correct')).toEqual(['published', 'corrected']);
  expect(allowed('retract')).toEqual(['published', 'corrected']);
  expect(allowed('withdraw')).toEqual(['published', 'corrected', 'retracted']);
});
