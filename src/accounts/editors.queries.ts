import type { Role } from '../access/policy.js';
import { cursorSql } from '../http/cursor.js';
import type { Lang } from '../text/language.js';
import type { EditorState } from './editor.entity.js';

/** An editor as the database gives it, with the cursor of the page that follows it. */
export interface EditorRow {
  readonly id: number;
  readonly version: number;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly state: EditorState;
  readonly lang: Lang;
  readonly sections: number[];
  readonly created_at: Date;
  readonly last_seen_at: Date | null;
  readonly second_factor: boolean;
  readonly cursor: string;
}

/** Ids of the sections granted to the editor `e`, as a JSON array. */
export const grantsAsJson = `coalesce((select json_agg(section_id order by section_id) from editor_sections g where g.editor_id = e.id), '[]')`;

const editor = `
  select e.id, e.version, e.email, e.name, e.role, e.state, e.lang, e.created_at,
    coalesce((select array_agg(g.section_id order by g.section_id) from editor_sections g where g.editor_id = e.id), '{}') as sections,
    (select max(s.seen_at) from sessions s where s.editor_id = e.id) as last_seen_at,
    exists (select from second_factors f where f.editor_id = e.id and f.confirmed_at is not null) as second_factor,
    ${cursorSql('editors', 'e.name', 'e.id')} as cursor
  from editors e`;

/** $1 id */
export const editorById = `${editor} where e.id = $1`;

/**
 * The ids of all who may appoint editors, locked until the transaction ends: whoever takes the role from one of them waits for whoever takes
 * it from another.
 */
export const activeAdmins = `select id from editors where role = 'admin' and state = 'active' order by id for no key update`;

/** A page of editors by name and one more. $1 limit, $2 and $3 name and id of the cursor, $4 role, $5 state, $6 section */
export const editorPage = `${editor}
  where ($2::text is null or (e.name collate "ar-x-icu", e.id) > ($2::text collate "ar-x-icu", $3::int))
    and ($4::text is null or e.role = $4) and ($5::text is null or e.state = $5)
    and ($6::int is null or exists (select from editor_sections g where g.editor_id = e.id and g.section_id = $6))
  order by e.name collate "ar-x-icu", e.id
  limit $1::int + 1`;
