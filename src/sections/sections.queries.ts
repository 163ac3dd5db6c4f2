import { statement } from '../database/reader.js';
import { validity } from '../http/published.js';

const home = `home as materialized (select lang from pub.center)`;

/** The whole tree. $1 asked language */
export const sectionTree = statement(`
  with ${home}
  select json_build_object('items', pub.subsections(null, $1, home.lang))::text as body, ${validity('clock.changed_at')}
  from home, pub.clock`);

/** One section with its subsections. $1 folded slug, $2 asked language */
export const sectionBySlug = statement(`
  with ${home}
  select s.slug, ${validity('clock.changed_at')}, json_build_object(
    'id', s.id, 'slug', s.slug, 'name', pub.wording(s.name, $2, home.lang), 'description', pub.wording(s.description, $2, home.lang),
    'children', pub.subsections(s.id, $2, home.lang))::text as body
  from home, pub.clock, pub.sections s
  where s.slug_folded = $1`);
