import { dirOf, type Lang } from '../text/language.js';
import { wordingIn, type Wording } from '../text/wording.js';
import { Turn, compareBodies, compareLines } from './body-diff.js';
import { COMPARED_FIELDS, type ComparedField, type ComparedFieldView, type RevisionDiff } from './revision-diff.dto.js';
import type { Publisher, Reference } from './revision.entity.js';

interface Named {
  readonly id: number;
  readonly name: Wording;
}

/** What a revision says, with the names of what it refers to. */
export interface ComparedRevision {
  readonly number: number;
  readonly lang: Lang;
  readonly title: string;
  readonly kicker: string | null;
  readonly summary: string | null;
  readonly slug: string;
  readonly type: string;
  readonly dateline: string | null;
  readonly body: string;
  readonly section: Named | null;
  readonly series: (Named & { readonly position: number }) | null;
  readonly byline: readonly (Named & { readonly role: string | null })[];
  readonly tags: readonly Named[];
  readonly cover: { readonly id: number; readonly alt: Wording } | null;
  readonly publisher: Publisher | null;
  readonly references: readonly Reference[];
}

/** One line of a field: what is read, and what it stands for. */
interface Line {
  readonly text: string;
  readonly id?: number;
}

/** @param before null: nothing was there */
export async function compareRevisions(before: ComparedRevision | null, after: ComparedRevision): Promise<RevisionDiff> {
  const { lang } = after;
  const turn = new Turn();
  const fields: ComparedFieldView[] = [];
  for (const field of COMPARED_FIELDS) {
    fields.push(...(await compared(field, before === null ? [] : linesOf(field, before), linesOf(field, after), turn)));
    await turn.yield();
  }
  return {
    from: before?.number ?? null,
    to: after.number,
    lang,
    dir: dirOf(lang),
    fields,
    body: await compareBodies(before?.body ?? '', after.body, turn),
  };
}

async function compared(field: ComparedField, old: readonly Line[], now: readonly Line[], turn: Turn): Promise<ComparedFieldView[]> {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  // Two of one name are told apart by their number.
  const alike = text(old) === text(now);
  const [before, after] = [old, now].map((lines) => (alike ? lines.map(numbered) : lines)) as [readonly Line[], readonly Line[]];
  const words = await compareLines(texts(before), texts(after), turn);
  return [{ field, before: text(before) || null, after: text(after) || null, words }];
}

function texts(lines: readonly Line[]): string[] {
  return lines.map((line) => line.text);
}

function text(lines: readonly Line[]): string {
  return texts(lines).join('\n');
}

function numbered({ text: name, id }: Line): Line {
  return { text: id === undefined ? name : `${name} (${id})` };
}

function linesOf(field: ComparedField, revision: ComparedRevision): Line[] {
  const { lang } = revision;
  const named = (thing: Named): Line => ({ id: thing.id, text: wordingIn(thing.name, lang) });
  const { section, series, byline, tags, cover, publisher, references } = revision;
  switch (field) {
    case 'section':
      return section === null ? [] : [named(section)];
    case 'series':
      return series === null ? [] : [{ id: series.id, text: `${named(series).text} · ${series.position}` }];
    case 'byline':
      return byline.map((entry) => ({ id: entry.id, text: `${named(entry).text}${entry.role === null ? '' : ` (${entry.role})`}` }));
    case 'tags':
      return tags.map(named);
    case 'cover':
      return cover === null ? [] : [{ id: cover.id, text: [String(cover.id), wordingIn(cover.alt, lang)].filter(Boolean).join(' · ') }];
    case 'publisher':
      return publisher === null ? [] : [{ text: [publisher.name, publisher.url].filter(Boolean).join(' · ') }];
    case 'references':
      return references.map(({ title, source, url, accessed }) => ({ text: [title, source, url, accessed].filter(Boolean).join(' · ') }));
    default: {
      const value = revision[field];
      return value === null ? [] : [{ text: value }];
    }
  }
}
