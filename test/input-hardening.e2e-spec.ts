import { connect, type AddressInfo } from 'node:net';
import { Agent, request } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { QueryFailedError, type EntityManager } from 'typeorm';
import { createApp } from '../src/app.setup.js';
import { AuditService } from '../src/audit/audit.service.js';
import { inTransaction } from '../src/database/transaction.js';
import { ANSWERS, refusalOf } from '../src/http/constraints.js';
import { openApiDocument } from '../src/http/openapi.js';
import { UncleanText } from '../src/text/clean.js';
import { anEditor, aSection, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { cloneDatabase, testConfig } from './test-database.js';

/** What comes in broken at the doors that write: refused by the name of the field, before it does anything. */

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maxLength?: number;
  readonly additionalProperties?: boolean;
}

interface Door {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly schema: Schema;
}

interface Refusal {
  readonly code: string;
  readonly errors: readonly { readonly field: string; readonly rule: string }[];
}

let world: TestApp;
let admin: TestEditor;
let port: number;
let doors: Door[];
let resolve: (schema: Schema) => Schema;

beforeAll(async () => {
  world = await startTestApp();
  admin = await anEditor(world, 'admin');
  await aSection(world);
  await world.app.listen(0, '127.0.0.1');
  port = (world.app.getHttpServer().address() as AddressInfo).port;
  const document = openApiDocument(world.app);
  resolve = (schema) => {
    const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
    return ref === undefined ? schema : { ...(document.components!.schemas![ref.split('/').at(-1)!] as Schema), nullable: schema.nullable };
  };
  doors = Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/api/v1/desk/'))
    .flatMap(([path, operations]) =>
      (['post', 'put', 'patch'] as const).flatMap((method) => {
        const body = operations[method]?.requestBody as { content: Record<string, { schema: Schema }> } | undefined;
        const schema = body?.content['application/json']?.schema;
        return schema === undefined
          ? []
          : [{ method: method.toUpperCase() as Door['method'], url: path.replaceAll(/\{[^}]+\}/g, '1'), schema: resolve(schema) }];
      }),
    );
});
afterAll(() => world.close());

async function send(door: Pick<Door, 'method' | 'url'>, payload: string): Promise<{ status: number; body: Refusal; text: string }> {
  const answer = await world.app.inject({
    method: door.method,
    url: door.url,
    payload,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
  });
  return { status: answer.statusCode, body: answer.json<Refusal>(), text: answer.body };
}

/** JSON text, so that a value can be what no JavaScript value is written as. */
const json = (value: unknown): string => JSON.stringify(value);
const TEXT_JUNK = ['"a\\u0000b"', '"a\\ud800"', '"\\udc00a"', '"a\\u0007"', '"a\\uffff"', `"ا${'\\u064e'.repeat(31)}"`];
const NO_TEXT = ['17.5', 'true', '{}', '[]', '["x"]', '{"ar":"x"}'];
const NO_NUMBER = ['"1"', '1.5', '2147483648', '1e300', '-2147483649', 'true', '{}', '[1]', '"x"', '""'];

/** Values that a field of this schema cannot have, as JSON, each with the path of what is wrong in it. */
function junkFor(schema: Schema, path: string): [path: string, value: string][] {
  const { type, format, properties, items } = schema;
  const at = (values: readonly string[]): [string, string][] => values.map((value) => [path, value]);
  const none = schema.nullable ? [] : at(['null']);
  if (type === 'string') {
    const form = schema.enum ? ['"nonsense"', '""'] : format ? ['"nonsense"', '"2026-02-30"', '"2026-01-31T25:00:00Z"', '""'] : [];
    return [...none, ...at([...NO_TEXT, ...TEXT_JUNK, ...form, json('x'.repeat((schema.maxLength ?? 200_000) + 1))])];
  }
  if (type === 'integer') return [...none, ...at([...NO_NUMBER, json((schema.minimum ?? 0) - 1)])];
  if (type === 'number') return [...none, ...at(['"1"', '-0.1', '1.1', '1e300', 'true', '{}', '[1]', '""'])];
  if (type === 'boolean') return [...none, ...at(['"true"', '1', '0', '{}', '[]', '""'])];
  if (type === 'array') {
    const item = resolve(items!);
    // Objects are blamed one by one, simple values as a list.
    const inner = junkFor({ ...item, nullable: false }, `${path}.0`).map(
      ([where, value]): [string, string] => [item.additionalProperties !== false && item.properties && where !== `${path}.0` ? where : path, `[${value}]`], // prettier-ignore
    );
    const some = item.type === 'integer' ? (n: number) => n + 1 : () => (item.type === 'string' ? 'x' : {});
    return [...none, ...at(['{}', '"x"', '1', 'true', '{"0":1,"length":1}', json(Array.from({ length: 10_000 }, (_, n) => some(n)))]), ...inner]; // prettier-ignore
  }
  if (type === 'object' && properties) {
    // A wording is blamed as one, a part of the body by its field.
    const wording = schema.additionalProperties === false;
    const inner = Object.entries(properties).flatMap(
      ([name, property]) =>
      junkFor(resolve(property), wording ? path : `${path}.${name}`).map(([where, value]): [string, string] => [where, `{"${name}":${value}}`]), // prettier-ignore
    );
    const strange: [string, string][] = [[wording ? path : `${path}.nonsense`, '{"nonsense":{}}']];
    return [...none, ...at(['"x"', '1', 'true', '[]', '[{}]']), ...strange, ...inner];
  }
  throw new Error(`no junk is known for ${path}: ${json(schema)}`);
}

describe('every field of every door of the desk that writes', () => {
  it('refuses what it cannot be, by its name', async () => {
    let sent = 0;
    for (const door of doors) {
      for (const [field, property] of Object.entries(door.schema.properties ?? {})) {
        for (const [path, value] of junkFor(resolve(property), field)) {
          const what = `${door.method} ${door.url} ${field}: ${value.slice(0, 80)}`;
          const { status, body } = await send(door, `{"${field}":${value}}`);
          expect([what, status]).toEqual([what, 400]);
          // What is there is not to be called missing, unless it is null.
          const blamed = body.errors.some(({ field: name, rule }) => name === path && (rule !== 'required' || value.includes('null')));
          expect([what, blamed, body.errors]).toEqual([what, true, body.errors]);
          sent += 1;
        }
      }
    }
    expect(doors.length).toBeGreaterThanOrEqual(14);
    expect(sent).toBeGreaterThan(1_000);
  }, 120_000);

  it('is known by its own name only: prototypes, other names and odd bodies are refused', async () => {
    for (const door of doors) {
      for (const payload of ['[]', '[{}]', 'null', '5', '"x"', 'true', '[[]]', '{}']) {
        // An act that takes nothing takes `{}`, and goes on to look for its object.
        if (payload === '{}' && !door.schema.required) continue;
        const { status, body } = await send(door, payload);
        expect([door.url, payload, status, body.code]).toEqual([door.url, payload, 400, 'invalid_body']);
        if (payload !== '{}') expect(body.errors).toMatchObject([{ field: 'body', rule: 'object' }]);
      }
      for (const payload of [
        '{"__proto__":{"polluted":1}}',
        '{"name":{"__proto__":{"ar":"x"}}}',
        '{"constructor":{"prototype":{"polluted":1}}}',
        '{"a":1',
        '',
      ]) {
        const { status, body } = await send(door, payload);
        expect([door.url, payload, status, body.code, body.errors]).toEqual([door.url, payload, 400, 'malformed_body', []]);
      }
      for (const name of ['prototype', 'hasOwnProperty', 'toString', 'then', 'ID', 'version ', 'x'.repeat(10_000)]) {
        const { status, body, text } = await send(door, json({ [name]: 'zqsecret' }));
        expect([door.url, status, body.code]).toEqual([door.url, 400, 'unknown_field']);
        expect(body.errors).toContainEqual(expect.objectContaining({ field: name.slice(0, 64), rule: 'unknown' }));
        expect(text).not.toContain('zqsecret');
      }
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('a body', () => {
  const nested = (open: string, close: string, levels: number): string =>
    open.repeat(levels) + (open.endsWith(':') ? '1' : '') + close.repeat(levels);
  const door = { method: 'POST', url: '/api/v1/desk/tags' } as const;

  it('that is nested deeply is refused before anything walks it', async () => {
    const cases: [string, string][] = [
      ['lists', nested('[', ']', 100_000)],
      ['objects', nested('{"a":', '}', 40_000)],
      ['lists in a field', `{"name":${nested('[', ']', 100_000)}}`],
      ['both', `{"name":${nested('[{"a":', '}]', 20_000)}}`],
      ['just too deep', `{"name":${nested('[', ']', 21)}}`],
    ];
    for (const [what, payload] of cases) {
      const { status, body } = await send(door, payload);
      expect([what, status, body.code, body.errors]).toEqual([what, 400, 'malformed_body', []]);
    }
    // Shallow enough to be looked at: its field is named.
    const { status, body } = await send(door, `{"name":${nested('[', ']', 19)}}`);
    expect([status, body.code, body.errors.map(({ field }) => field)]).toEqual([400, 'invalid_body', ['name']]);
  });

  it('with more names or values than any door takes is refused before anything walks it', async () => {
    const names = json(Object.fromEntries(Array.from({ length: 21_000 }, (_, n) => [`a${n}`, 1])));
    for (const payload of [names, `[${'[],'.repeat(80_000)}1]`, `{"name":{"ar":[${'1,'.repeat(100_000)}1]}}`]) {
      const { status, body } = await send(door, payload);
      expect([status, body.code, body.errors]).toEqual([400, 'malformed_body', []]);
    }
    const some = json(Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`a${n}`, 1])));
    expect((await send(door, some)).body.errors).toHaveLength(20);
  });

  /** Sends everything before it reads anything. @returns the answer, or how the connection failed */
  function uploaded(head: string, body: Buffer): Promise<string> {
    return new Promise((done) => {
      const socket = connect(port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.pause();
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        if (Buffer.concat(chunks).includes('"errors":[]}')) socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => done(`${error.code}`));
      socket.on('close', () => done(Buffer.concat(chunks).toString('utf8')));
      socket.write(`${head}\r\nHost: x\r\nAuthorization: Bearer ${admin.token}\r\nContent-Type: application/json\r\n`);
      socket.write(`Content-Length: ${body.length}\r\n\r\n`);
      socket.write(body, () => socket.resume());
    });
  }

  const TEN_MB = Buffer.from(json({ name: { ar: 'ا'.repeat(5_000_000) } }));

  it('of 10 MB gets its 413 at every door that writes, and the connection is not reset before it is read', async () => {
    for (const { method, url } of doors) {
      const answer = await uploaded(`${method} ${url}?lang=en HTTP/1.1`, TEN_MB);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      expect([method, url, head.split('\r\n')[0]]).toEqual([method, url, 'HTTP/1.1 413 Payload Too Large']);
      expect(head).toMatch(/content-type: application\/problem\+json; charset=utf-8/i);
      expect(JSON.parse(body)).toMatchObject({ status: 413, code: 'too_large', errors: [] });
    }
  }, 60_000);

  it('of 10 MB in chunks gets it too, and the connection serves the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sent = (body: Buffer, chunked: boolean): Promise<{ status: number; reused: boolean }> =>
      new Promise((done, fail) => {
        let status = 0;
        const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length };
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${admin.token}`, ...length };
        const outgoing = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/api/v1/desk/tags', headers }, (answer) => {
          status = answer.statusCode!;
          answer.resume();
        });
        outgoing.on('error', fail);
        outgoing.on('close', () => done({ status, reused: outgoing.reusedSocket }));
        outgoing.end(body);
      });
    expect(await sent(TEN_MB, true)).toEqual({ status: 413, reused: false });
    expect(await sent(TEN_MB, false)).toEqual({ status: 413, reused: true });
    expect(await sent(Buffer.from(json({ name: { ar: 'بعد ذلك' } })), false)).toEqual({ status: 201, reused: true });
    agent.destroy();
  });

  it('that does not end is not read to its end', async () => {
    const written = await new Promise<number>((done) => {
      const socket = connect(port, '127.0.0.1');
      let bytes = 0;
      const chunk = Buffer.alloc(1024 * 1024, 'a');
      const frame = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
      const more = (): void => {
        if (bytes > 200 * 1024 * 1024) socket.destroy();
        if (socket.destroyed) return;
        socket.write(frame, (error) => {
          if (error) return;
          bytes += chunk.length;
          more();
        });
      };
      socket.on('error', () => undefined);
      socket.on('close', () => done(bytes));
      socket.write(`POST /api/v1/desk/tags HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
      more();
      // What it says is of no interest here.
      socket.resume();
    });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  describe('of an article', () => {
    let receiving: NestFastifyApplication;
    let leave: () => Promise<void>;
    const INBOXES = ['/api/v1/desk/articles/inbox', '/api/v1/desk/articles/1/inbox', '/api/v1/desk/articles-inbox', '/inbox'];

    beforeAll(async () => {
      const database = await cloneDatabase();
      receiving = await createApp(testConfig(), database);
      const server = receiving.getHttpAdapter().getInstance();
      for (const url of INBOXES) server.post(url, () => ({}));
      await receiving.init();
      await server.ready();
      leave = () => receiving.close().then(() => database.leave());
    });
    afterAll(() => leave());

    it('may be 1 MiB long, any other 256 KiB', async () => {
      const body = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
      const status = async (url: string, bytes: number): Promise<number> =>
        (await receiving.inject({ method: 'POST', url, payload: body(bytes), headers: { 'content-type': 'application/json' } })).statusCode;
      const [kib, mib] = [256 * 1024, 1024 * 1024];
      for (const url of INBOXES.slice(0, 2)) expect([url, await status(url, mib), await status(url, mib + 1)]).toEqual([url, 200, 413]);
      for (const url of INBOXES.slice(2)) expect([url, await status(url, kib), await status(url, kib + 1)]).toEqual([url, 200, 413]);
    });
  });
});

describe('what the database refuses', () => {
  /** Constraints that no body can break, and why. Everything else stands in src/http/constraints.ts. */
  const UNREACHABLE: Readonly<Record<string, string>> = {
    media_created_by_fkey: 'the editor who acts',
    media_focal_check: 'the fields take 0 to 1',
    ...Object.fromEntries(
      [
        'media_kind_check', 'media_state_check', 'media_size_check', 'media_failure_check', 'media_files_bytes_check', 'media_files_name_check',
        'media_files_type_check', 'media_files_media_id_fkey', 'revision_media_place_check', 'revision_media_revision_id_fkey',
      ].map((name) => [name, 'only the code sets what it looks at']), // prettier-ignore
    ),
    ...Object.fromEntries(
      ['revision_media_media_id_fkey', 'authors_portrait_id_fkey'].map((name) => [name, 'what is named is looked for and held first']),
    ),
    revision_media_one_cover: 'a revision has one cover, in one field',
    ...Object.fromEntries(
      [
        'article_schedules_article_id_fkey', 'article_schedules_revision_id_fkey', 'article_slugs_article_id_fkey', 'articles_head_revision_id_fkey',
        'articles_live_revision_id_fkey', 'imported_pages_article_id_fkey', 'listings_article_id_fkey', 'notices_about_article_id_fkey',
        'notices_article_id_fkey', 'revision_authors_revision_id_fkey', 'revision_tags_revision_id_fkey', 'revisions_article_id_fkey',
        'preview_links_revision_id_fkey', 'article_search_article_id_fkey', 'article_search_revision_id_fkey', 'old_addresses_article_id_fkey',
      ].map((name) => [name, 'points to the article or revision that the act has just found or made']), // prettier-ignore
    ),
    ...Object.fromEntries(
      [
        'article_schedules_editor_id_fkey', 'articles_created_by_fkey', 'articles_edited_by_fkey', 'editor_passwords_editor_id_fkey',
        'editor_sections_editor_id_fkey', 'known_devices_editor_id_fkey', 'notices_editor_id_fkey', 'notices_settled_by_fkey',
        'password_links_editor_id_fkey', 'preview_links_created_by_fkey', 'preview_links_revoked_by_fkey', 'revisions_created_by_fkey', 'sessions_editor_id_fkey', 'api_tokens_editor_id_fkey', 'second_factors_editor_id_fkey', 'recovery_codes_editor_id_fkey',
      ].map((name) => [name, 'points to the editor who acts, or whom the act has just found or made; editors are never removed']), // prettier-ignore
    ),
    ...Object.fromEntries(
      [
        'articles_head_revision_id_key',
        'articles_live_revision_id_key',
        'revisions_article_id_id_key',
        'revisions_article_id_number_key',
      ].map((name) => [name, 'written under the article’s version, so two acts never write the same']),
    ),
    ...Object.fromEntries(
      [
        'articles_lang_check', 'center_lang_check', 'editors_lang_check', 'editors_role_check', 'editors_state_check', 'revisions_type_check', 'api_tokens_scopes_check', 'center_second_factor_roles_check',
      ].map((name) => [name, 'the field takes one of the same closed list']), // prettier-ignore
    ),
    ...Object.fromEntries(
      [
        'articles_live_check', 'articles_state_check', 'articles_status_check', 'notices_about_check', 'notices_kind_check',
        'password_links_purpose_check', 'mail_outbox_ended_check', 'mail_outbox_whole_check', 'mail_outbox_kept_check', 'mail_outbox_lock_check', 'mail_outbox_state_check', 'center_one_row_check',
        'content_clock_one_row_check', 'preview_links_revoked_check',
      ].map((name) => [name, 'only the code sets what it looks at']), // prettier-ignore
    ),
    ...Object.fromEntries(['api_tokens_token_hash_key', 'sessions_id_key'].map((name) => [name, 'random, and so never met again'])),
    ...Object.fromEntries(
      ['authors_name_check', 'sections_name_check', 'series_name_check', 'tags_name_check', 'editors_name_check'].map((name) => [
        name,
        'the field asks for at least one letter',
      ]),
    ),
    ...Object.fromEntries(
      ['article_slugs_slug_check', 'authors_slug_check', 'sections_slug_check', 'series_slug_check', 'tags_slug_check'].map((name) => [
        name,
        'isSlug and slugify give no slug of digits alone',
      ]),
    ),
    authors_merged_into_check: 'the merge refuses it itself: author_in_itself',
    author_merges_two_check: 'the merge refuses it itself: author_in_itself',
    author_merges_undone_check: 'only the code sets what it looks at',
    author_merges_one_at_a_time: 'asked first, while no other merge can be made',
    ...Object.fromEntries(
      ['authors_merged_into_fkey', 'author_merges_from_author_id_fkey', 'author_merges_into_author_id_fkey'].map((name) => [
        name,
        'points to the author whom the act has just found; authors are never removed',
      ]),
    ),
    ...Object.fromEntries(
      ['author_merges_merged_by_fkey', 'author_merges_undone_by_fkey'].map((name) => [
        name,
        'points to the editor who acts; editors are never removed',
      ]),
    ),
    ...Object.fromEntries(
      ['center_revisions_kept_days_check', 'center_audit_kept_days_check'].map((name) => [name, 'the field takes nothing else']),
    ),
    authors_orcid_check: 'the check digit is reckoned first, on the same pattern',
    password_links_editor_id_purpose_key: 'a new link is on conflict do update',
    mail_outbox_dedupe_key_key: 'posting is on conflict do nothing',
    mail_outbox_message_id_key: 'a random id',
    preview_links_token_hash_key: 'a hash of 256 random bits',
    ...Object.fromEntries(
      [
        'ballot_choices_ballot_fkey', 'ballot_choices_one_per_slot', 'ballot_choices_option_fkey', 'ballot_choices_slots_check',
        'ballot_confirmations_ballot_fkey', 'ballots_event_id_fkey', 'ballots_group_id_fkey', 'ballots_void_id_fkey', 'ballots_rules_fkey',
        'ballot_groups_poll_id_fkey', 'ballot_voids_poll_id_fkey', 'poll_events_poll_id_fkey', 'poll_options_poll_id_fkey', 'polls_supersedes_fkey',
        'signed_results_poll_id_fkey', 'counted_receipts_poll_id_fkey',
      ].map((name) => [name, 'the statement takes both sides from the same rows, under the poll’s lock']), // prettier-ignore
    ),
    ...Object.fromEntries(
      [
        'ballot_groups_decided_by_fkey', 'ballot_voids_created_by_fkey', 'ballot_voids_restored_by_fkey', 'poll_events_created_by_fkey',
        'polls_created_by_fkey', 'polls_edited_by_fkey',
      ].map((name) => [name, 'points to the editor who acts; editors are never removed']), // prettier-ignore
    ),
    ...Object.fromEntries(
      [
        'ballot_groups_decided_check', 'ballot_groups_key_check', 'ballot_groups_kind_check', 'ballot_groups_state_check', 'ballot_voids_ballots_check',
        'ballots_identified', 'ballots_review_has_group', 'ballots_scrubbed_whole', 'ballots_status_check', 'ballots_void_has_batch',
        'ballots_voter_key_fits_level', 'network_salts_length_check', 'polls_moments_check', 'polls_scrubbed_check', 'polls_secret_check',
        'polls_state_check', 'signed_results_edition_check', 'poll_options_position_check',
      ].map((name) => [name, 'only the code sets what it looks at']), // prettier-ignore
    ),
    ...Object.fromEntries(
      ['polls_level_check', 'polls_max_choices_check', 'polls_results_check', 'polls_question_check', 'poll_options_label_check'].map(
        (name) => [name, 'the field takes nothing else'],
      ),
    ),
    ...Object.fromEntries(
      ['poll_options_poll_id_id_key', 'poll_options_poll_id_position_key', 'polls_rules_key', 'polls_supersedes_key'].map((name) => [
        name,
        'written under the poll’s lock',
      ]),
    ),
    ...Object.fromEntries(
      ['ballots_one_per_reader', 'ballot_groups_one_per_key', 'ballot_groups_one_without_work'].map((name) => [
        name,
        'inserted on conflict do nothing',
      ]),
    ),
    ...Object.fromEntries(
      [
        'mail_outbox_handoff_check', 'mail_outbox_uncertain_check', 'mail_stops_lane_check', 'mail_stops_reason_check', 'mail_stops_resumed_check',
        'mail_suppressions_reason_check', 'mail_suppressions_scope_check', 'shares_ended_check', 'shares_kept_check', 'shares_state_check',
        'share_counts_numbers_check', 'share_recipients_period_check',
      ].map((name) => [name, 'only the code sets what it looks at']), // prettier-ignore
    ),
    ...Object.fromEntries(['center_color_check', 'shares_recipients_check'].map((name) => [name, 'the field takes nothing else'])),
    ...Object.fromEntries(
      ['mail_stops_one_at_a_time', 'shares_once_per_key', 'share_recipients_once_per_month'].map((name) => [
        name,
        'inserted on conflict do nothing',
      ]),
    ),
    ...Object.fromEntries(
      ['shares_article_id_fkey', 'share_counts_article_id_fkey', 'share_recipients_article_id_fkey', 'share_recipients_share_id_fkey'].map(
        (name) => [name, 'articles are never removed, and a share’s recipients are written with it'],
      ),
    ),
    mail_stops_resumed_by_fkey: 'points to the editor who acts; editors are never removed',
    shares_one_per_work: 'the share answers it itself: work_invalid',
    ballots_one_per_receipt: '80 bits of a keyed hash',
    ...Object.fromEntries(
      ['ads_slot_check', 'ads_weight_check', 'ads_wording_check'].map((name) => [name, 'the field takes nothing else']),
    ),
    ads_link_check: 'link_invalid is said before',
    ads_picture_id_fkey: 'what is named is looked for and held first',
    ad_sections_ad_id_fkey: 'points to the ad that the act has just found or made',
    ad_days_ad_id_fkey: 'counts are written for ads that are there, and an ad with counts is not removed',
    ad_days_counts_check: 'only the code sets what it looks at',
    article_views_article_id_fkey: 'views are counted of pieces that are there, and articles are never removed',
    article_views_views_check: 'only the code sets what it looks at',
    ...Object.fromEntries(
      ['most_read_period_check', 'most_read_length_check'].map((name) => [name, 'only the ranking writes what it looks at']),
    ),
    ...Object.fromEntries(
      [
        'front_blocks_count_check', 'front_blocks_kind_check', 'front_blocks_position_check', 'front_pieces_position_check',
        'front_pieces_front_id_block_article_id_key',
      ].map((name) => [name, 'the field takes nothing else']), // prettier-ignore
    ),
    front_blocks_parts_check: 'refused before: block_parts',
    front_blocks_front_id_fkey: 'points to the arrangement that the act has just found or made',
    front_pieces_block_fkey: 'pieces are written with their block',
    lexicon_groups_kind_check: 'the field takes nothing else',
    lexicon_forms_form_check: 'the field takes nothing else',
    lexicon_forms_words_check: 'refused before: form_without_letters',
    lexicon_forms_one_preferred: 'one of the group’s forms, and no two are alike',
    lexicon_forms_group_id_fkey: 'forms are written with their group',
    old_addresses_address_check: 'no body names one: imports write what articles/old-address.ts lets through',
    ballots_one_per_address: 'the confirmation answers it itself: address_has_voted',
  };

  it('is answered by name, for every constraint that a body can break', async () => {
    const rows = await world.dataSource.query<{ name: string }[]>(
      `select conname as name from pg_constraint where connamespace = 'public'::regnamespace and contype in ('f', 'u', 'c', 'x')
       union select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
         where c.relnamespace = 'public'::regnamespace and i.indisunique and not i.indisprimary order by name`,
    );
    const known = [...Object.keys(ANSWERS), ...Object.keys(UNREACHABLE)];
    expect(
      { 'without an answer or a reason': rows.map(({ name }) => name).filter((name) => !known.includes(name)), 'no longer there': known.filter((name) => !rows.some((row) => row.name === name)), 'with both': Object.keys(ANSWERS).filter((name) => name in UNREACHABLE) }, // prettier-ignore
      'give it an answer in src/http/constraints.ts, or a reason here',
    ).toEqual({ 'without an answer or a reason': [], 'no longer there': [], 'with both': [] });
    for (const [name, { status, code, field, message }] of Object.entries(ANSWERS)) {
      const error = Object.assign(new pg.DatabaseError('', 0, 'error'), { code: '23000', constraint: name });
      const problem = refusalOf(error)!;
      expect([problem.getStatus(), problem.code, problem.more.errors]).toEqual([status, code, [{ field, rule: code, message }]]);
      if (name.endsWith('_fkey')) expect([name, status, code]).toEqual([name, 422, 'unknown_reference']);
    }
    expect(refusalOf(Object.assign(new pg.DatabaseError('', 0, 'error'), { code: '23514', constraint: 'articles_live_check' }))).toBeNull();
  });

  const raising =
    (state: string, constraint = '') =>
    (tx: EntityManager): Promise<unknown> =>
      tx.query(`do $$ begin raise exception 'the driver''s words' using errcode = '${state}', constraint = '${constraint}'; end $$`);

  /** What a door answers when its act meets this in its midst; and how often it was tried. */
  async function answered(act: (tx: EntityManager) => Promise<unknown>): Promise<[number, string, string | undefined, number]> {
    let attempts = 0;
    const spy = vi.spyOn(AuditService.prototype, 'record').mockImplementation(async (tx) => {
      attempts += 1;
      await act(tx);
    });
    const answer = await world.app.inject({
      method: 'POST',
      url: '/api/v1/desk/tags',
      payload: { name: { ar: 'في الوسط' } },
      headers: { authorization: `Bearer ${admin.token}` },
    });
    spy.mockRestore();
    expect(answer.body).not.toContain('driver');
    return [answer.statusCode, answer.json<Refusal>().code, answer.headers['retry-after'] as string | undefined, attempts];
  }

  it('is a 409 where history would have changed, a 500 where only we can be at fault', async () => {
    expect(await answered(raising('23000', 'revisions_sealed'))).toEqual([409, 'revision_sealed', undefined, 1]);
    expect(await answered(raising('23514', 'articles_live_check'))).toEqual([500, 'server_error', undefined, 1]);
    // Nobody can ask for the past to be rewritten: that the code tried is a fault, and is logged as one.
    expect(await answered((tx) => tx.query(`update audit_log set act = 'x'`).then(() => tx.query(`insert into audit_log (act, object_type) values (1, 2)`)))).toEqual([500, 'server_error', undefined, 1]); // prettier-ignore
  });

  it('is a 400 where a text that is none came past the fields', async () => {
    expect(await answered(() => Promise.reject(new UncleanText('nul')))).toEqual([400, 'malformed_value', undefined, 1]);
    expect(await answered((tx) => tx.query('select $1::int', ['x']))).toEqual([400, 'malformed_value', undefined, 1]);
  });

  it('is tried three times when it was a deadlock or a failed serialization, then 503', async () => {
    expect(await answered(raising('40P01'))).toEqual([503, 'unavailable', '5', 3]);
    expect(await answered(raising('40001'))).toEqual([503, 'unavailable', '5', 3]);
    expect(await answered(raising('55P03'))).toEqual([503, 'unavailable', '5', 1]);
    let failures = 2;
    expect(await answered((tx) => (failures-- > 0 ? raising('40P01')(tx) : Promise.resolve()))).toEqual([201, undefined, undefined, 3]);
  });
});

describe('a transaction', () => {
  const codes: string[] = [];
  /** Runs it as acts do, and notes what each attempt failed of. */
  const acted = (act: (tx: EntityManager, attempt: number) => Promise<void>): Promise<number> => {
    let attempt = 0;
    return inTransaction(world.dataSource, async (tx) => {
      attempt += 1;
      try {
        await act(tx, attempt);
        return attempt;
      } catch (error) {
        codes.push((error as QueryFailedError<pg.DatabaseError>).driverError.code ?? '');
        throw error;
      }
    });
  };

  beforeEach(() => codes.splice(0));

  /** Both come here before either goes on, once. */
  const meeting = (): (() => Promise<void>) => {
    let here = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((passed) => (open = passed));
    return async () => {
      here += 1;
      if (here === 2) open();
      await gate;
    };
  };

  it('that was a deadlock’s victim runs again, and both acts are done', async () => {
    const [a, b] = [await aTag(world, 'ألف'), await aTag(world, 'باء')];
    const met = meeting();
    const add = (tx: EntityManager, { id }: { id: number }): Promise<unknown> =>
      tx.query(`update tags set version = version + 1 where id = $1`, [id]);
    const crossing = (first: { id: number }, second: { id: number }): Promise<number> =>
      acted(async (tx, attempt) => {
        // The machine may be slow: PostgreSQL, not our patience, is to end this.
        await tx.query(`set local lock_timeout = 0`);
        await add(tx, first);
        if (attempt === 1) await met();
        await add(tx, second);
      });
    const attempts = await Promise.all([crossing(a, b), crossing(b, a)]);
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    expect(new Set(codes)).toEqual(new Set(['40P01']));
    const rows = await world.dataSource.query(`select version from tags where id in ($1, $2)`, [a.id, b.id]);
    expect(rows).toEqual([{ version: 3 }, { version: 3 }]);
  });

  it('that could not be serialized runs again, and sees what the other did', async () => {
    const { id } = await aTag(world, 'تسلسل');
    const met = meeting();
    const add = (): Promise<number> =>
      acted(async (tx, attempt) => {
        await tx.query(`set transaction isolation level repeatable read`);
        const [{ version }] = await tx.query<[{ version: number }]>(`select version from tags where id = $1`, [id]);
        if (attempt === 1) await met();
        await tx.query(`update tags set version = $2 where id = $1`, [id, version + 1]);
      });
    const attempts = await Promise.all([add(), add()]);
    expect([attempts.toSorted(), codes]).toEqual([[1, 2], ['40001']]);
    expect(await world.dataSource.query(`select version from tags where id = $1`, [id])).toEqual([{ version: 3 }]);
  });

  it('that fails otherwise is not tried again', async () => {
    await expect(acted((tx) => tx.query(`select 1 / 0`))).rejects.toThrow('division by zero');
    expect(codes).toEqual(['22012']);
  });
});
