import type { ClientBase } from 'pg';

/** Not PostgreSQL's own, and not an extension's. */
const OURS = (object: string, schema: string, classId: string): string => `
  ${schema} !~ '^pg_' and ${schema} <> 'information_schema'
  and not exists (select from pg_depend d where d.classid = '${classId}'::regclass and d.objid = ${object} and d.deptype = 'e')`;

/** Who was granted what, the owner's own rights left out: they are all rights, and each version of PostgreSQL knows others. */
const GRANTS = (name: string, acl: string, owner: string): string => `
  select 'grant ' || string_agg(lower(a.privilege_type), ', ' order by a.privilege_type collate "C") || ' on ' || ${name} || ' to '
    || case when a.grantee = 0 then 'public' when pg_get_userbyid(a.grantee) = $1 then 'reader' else pg_get_userbyid(a.grantee) end
  from aclexplode(${acl}) a where a.grantee <> ${owner} group by a.grantee`;

/**
 * Everything the migrations and the start-up step make of a database, as text: what `migrations/schema.txt` holds.
 *
 * NOT NULL stands with the columns only, because PostgreSQL 18 also lists it as a constraint and 15 to 17 do not.
 * @param reader name of the role to be written as `reader`; the owner is left unnamed
 * @returns one entry a line, sorted by code point; views and functions run over several
 */
export async function catalogue(client: ClientBase, reader: string): Promise<string> {
  const { rows } = await client.query<{ entry: string }>(
    `
    with relation as (
      select c.*, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OURS('c.oid', 'n.nspname', 'pg_class')}),
    routine as (
      select p.*, n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where ${OURS('p.oid', 'n.nspname', 'pg_proc')})
    select entry from (
      select 'schema ' || nspname from pg_namespace n where ${OURS('n.oid', 'n.nspname', 'pg_namespace')}
      union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
      union all select 'table ' || name from relation where relkind in ('r', 'p')
      union all select 'sequence ' || name from relation where relkind = 'S'
      union all select 'view ' || name || coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '') || E' as\\n' || pg_get_viewdef(oid)
        from relation where relkind in ('v', 'm')
      union all select 'index ' || pg_get_indexdef(oid) from relation where relkind = 'i'
      union all
        select 'column ' || r.name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
          || case when a.attcollation <> t.typcollation then ' collate ' || quote_ident(l.collname) else '' end
          || case when a.attnotnull then ' not null' else '' end
          || case a.attidentity when 'a' then ' identity always' when 'd' then ' identity by default' else '' end
          || case a.attgenerated when '' then coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') else ' generated as ' || pg_get_expr(d.adbin, d.adrelid) end
        from relation r join pg_attribute a on a.attrelid = r.oid join pg_type t on t.oid = a.atttypid
          left join pg_collation l on l.oid = a.attcollation left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
        where r.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
      union all
        select 'constraint ' || r.name || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid)
        from relation r join pg_constraint c on c.conrelid = r.oid where c.contype <> 'n'
      union all select 'trigger ' || pg_get_triggerdef(t.oid) from relation r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
      union all select 'function ' || name || E'\\n' || pg_get_functiondef(oid) from routine
      union all select g.* from relation r cross join lateral (
        ${GRANTS('r.name', `coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner))`, 'r.relowner')}) g
      union all select g.* from routine p cross join lateral (
        ${GRANTS('p.name', `coalesce(p.proacl, acldefault('f', p.proowner))`, 'p.proowner')}) g
      union all select g.* from pg_namespace n cross join lateral (
        ${GRANTS(`'schema ' || n.nspname`, `coalesce(n.nspacl, acldefault('n', n.nspowner))`, 'n.nspowner')}) g
        where ${OURS('n.oid', 'n.nspname', 'pg_namespace')}
      union all select g.* from pg_database b cross join lateral (
        ${GRANTS(`'database'`, `coalesce(b.datacl, acldefault('d', b.datdba))`, 'b.datdba')}) g
        where b.datname = current_database()
    ) entries (entry) order by entry collate "C"`,
    [reader],
  );
  return rows.map(({ entry }) => `${entry}\n`).join('');
}
