import type { EntityManager } from 'typeorm';
import { cursorSql } from '../http/cursor.js';
import { ANALYSER, analyse } from '../text/analyser.js';
import { latinStems } from './latin-stems.js';
import { isStopWord } from './stop-words.js';
import type { DeskLexicon, DeskLexiconGroup, ListLexicon } from './lexicon.dto.js';
import type { LexiconKind } from './lexicon.entity.js';
import type { SpellingGroup } from './spelling.js';

// The texts below are put together from constants of code; values go in as $1 … only.

const GROUP = `json_build_object('id', g.id, 'version', g.version, 'kind', g.kind,
  'forms', (select json_agg(form order by position) from lexicon_forms where group_id = g.id),
  'preferred', (select form from lexicon_forms where group_id = g.id and preferred))`;

/** The newest groups first; of a form's words those that begin a word's stem count too. */
export async function lexiconPage(tx: EntityManager, { cursor, limit, kind, form }: ListLexicon): Promise<DeskLexicon> {
  const rows = await tx.query<{ card: DeskLexiconGroup; cursor: string }[]>(
    `select ${GROUP} as card, ${cursorSql('lexicon', 'g.id', 'g.id')} as cursor
     from lexicon_groups g
     where g.id < coalesce($1::int, 2147483647) and ($3::text is null or g.kind = $3)
       and ($4::text is null or $4 <> ' ' and exists (select from lexicon_forms f where f.group_id = g.id and position($4 in ' ' || f.words) > 0))
     order by g.id desc limit $2::int + 1`,
    [cursor?.id, limit, kind, form === undefined ? null : ` ${wordsOf(form)}`],
  );
  const page = rows.slice(0, limit);
  return { items: page.map(({ card }) => card), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}

/** @returns the group, or null */
export async function lexiconGroup(tx: EntityManager, id: number): Promise<DeskLexiconGroup | null> {
  const [row] = await tx.query<{ card: DeskLexiconGroup }[]>(`select ${GROUP} as card from lexicon_groups g where g.id = $1`, [id]);
  return row?.card ?? null;
}

/** @returns the id of a new group without forms, or null when there are as many as there may be */
export async function insertGroup(tx: EntityManager, kind: LexiconKind, most: number): Promise<number | null> {
  // One after another: of two that are made at the same moment, neither would count the other.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('lexicon groups', 0))`);
  const [row] = await tx.query<{ id: number }[]>(
    `insert into lexicon_groups (kind) select $1 where (select count(*) from lexicon_groups) < $2::int returning id`,
    [kind, most],
  );
  return row?.id ?? null;
}

/** Writes a group's forms in their order, in the place of those it had. */
export async function writeForms(tx: EntityManager, id: number, forms: readonly string[], preferred: string | null): Promise<void> {
  await tx.query(`delete from lexicon_forms where group_id = $1`, [id]);
  const rows = (await keysOf(tx, forms)).map((key, position) => ({ ...key, position, preferred: key.form === preferred }));
  await tx.query(
    `insert into lexicon_forms (group_id, position, form, preferred, words, sought, analyser)
     select $1, k.position, k.form, k.preferred, k.words, k.sought, $3
     from jsonb_to_recordset($2::jsonb) k (position smallint, form text, preferred boolean, words text, sought text[])`,
    [id, JSON.stringify(rows), ANALYSER],
  );
}

/** Reckons the keys of all forms anew that older rules made. @returns how many */
export async function rekeyForms(tx: EntityManager): Promise<number> {
  // Whoever comes at the same moment waits, and then finds nothing left.
  const due = await tx.query<{ group_id: number; position: number; form: string }[]>(
    `select group_id, position, form from lexicon_forms where analyser <> $1 order by group_id, position for no key update`,
    [ANALYSER],
  );
  if (due.length === 0) return 0;
  const keys = await keysOf(
    tx,
    due.map(({ form }) => form),
  );
  await tx.query(
    `update lexicon_forms f set words = k.words, sought = k.sought, analyser = $2
     from jsonb_to_recordset($1::jsonb) k (group_id int, position smallint, words text, sought text[])
     where f.group_id = k.group_id and f.position = k.position`,
    [JSON.stringify(due.map((row, index) => ({ ...row, ...keys[index]! }))), ANALYSER],
  );
  return due.length;
}

/** All groups of spellings. */
export async function spellingGroups(tx: EntityManager): Promise<SpellingGroup[]> {
  return tx.query<SpellingGroup[]>(
    `select g.id, array_agg(f.form order by f.position) as forms, max(f.form) filter (where f.preferred) as preferred
     from lexicon_groups g join lexicon_forms f on f.group_id = g.id where g.kind = 'spellings' group by g.id order by g.id`,
  );
}

/** How search knows a form. */
interface FormKeys {
  readonly form: string;
  /** Its stems, a space between, as a query has them. */
  readonly words: string;
  /** Each way its words may stand in the index, stems with a space between. */
  readonly sought: readonly string[];
}

function wordsOf(form: string): string {
  return analyse(form)
    .map(({ stem }) => stem)
    .join(' ');
}

/**
 * A Latin word stands in French texts by its French stem and in all others by its English one, so a form with one is sought in both ways. What
 * consists of words that texts are full of (WHO, UN, من) is sought in none: it would be found everywhere.
 */
async function keysOf(tx: EntityManager, forms: readonly string[]): Promise<FormKeys[]> {
  const analysed = forms.map((form) => analyse(form));
  const latin = [...new Set(analysed.flat().filter(({ arabic }) => !arabic).map(({ stem }) => stem))]; // prettier-ignore
  const stems = [await latinStems(tx, 'en', latin), await latinStems(tx, 'fr', latin)];
  const stopWords = new Set(
    (
      await tx.query<{ word: string }[]>(
        `select word from unnest($1::text[]) word
         where ts_lexize('pg_catalog.english_stem', word) = '{}' or ts_lexize('pg_catalog.french_stem', word) = '{}'`,
        [latin],
      )
    ).map(({ word }) => word),
  );
  return forms.map((form, index) => {
    const tokens = analysed[index]!;
    const everywhere = tokens.every(({ arabic, stem, word, start, end }) =>
      arabic ? isStopWord(word, form.slice(start, end)) : stopWords.has(stem),
    );
    const ways = stems.map((stemmed) => tokens.map(({ arabic, stem }) => (arabic ? stem : stemmed.get(stem)!)).join(' '));
    return { form, words: wordsOf(form), sought: everywhere ? [] : [...new Set(ways)] };
  });
}
