import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { takesGzip } from './gzip.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';

/** What a statement of the reader door returns for one answer: JSON text as PostgreSQL built it, and the columns of {@link validity}. */
export interface PublishedRow {
  readonly body: string;
  /** When what it shows last changed, whole seconds; null where no moment tells that, as of a count: then its tag alone does. */
  readonly modified: Date | null;
  /** Whether that moment tells this answer from every earlier one. */
  readonly settled: boolean;
}

/** What statements for reader pages return beside what the page is about: who the center is, and the columns of {@link validity}. */
export interface PageRow extends Omit<PublishedRow, 'body'> {
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
  /** The zone of its dates. */
  readonly zone: string;
}

/** In what form an answer goes out. */
export interface Form {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A picture that pages of other sites may frame; it loads nothing. */
  readonly embeddable?: true;
  /** Sent smaller to whoever takes it so: Arabic text is two bytes a letter, and a quarter of that compressed. */
  readonly compressed?: true;
}

export const JSON_FORM: Form = { type: 'application/json; charset=utf-8', headers: {} };

/** @param changedAt SQL for the moment of the last change */
export function validity(changedAt: string): string {
  return `pub.last_modified(${changedAt}) as modified, pub.settled(${changedAt}) as settled`;
}

/** An answer anyone may see and keep: finished bytes that depend on path and listed parameters only. Without any it is 204. */
export class Published {
  /** @param next address of the next page, for lists that have one */
  constructor(
    readonly row: PublishedRow,
    readonly next: string | null = null,
    readonly form: Form = JSON_FORM,
  ) {}
}

/** An answer for this one reader, from a route that at other times gives a {@link Published} one. */
export class Personal {
  constructor(
    readonly body: string,
    readonly form: Form = JSON_FORM,
  ) {}
}

/** The resource lives elsewhere now, for good. @param location absolute URL */
export class Moved {
  constructor(readonly location: string) {}
}

// Caches may keep it but ask each time: published content changes by an editor's act, not by age.
const CACHE_CONTROL = 'public, max-age=0, must-revalidate';

/** Sends it with its validators, or 304 when the client holds the same. */
export function sendPublished(reply: FastifyReply, { row, next, form }: Published): FastifyReply {
  const { modified } = row;
  const smaller = form.compressed === true && takesGzip(reply.request.headers);
  const digest = createHash('sha256').update(row.body).digest('base64url').slice(0, 27);
  // Other bytes are another representation, which a strong tag has to tell apart.
  const etag = smaller ? `"${digest}-gzip"` : `"${digest}"`;
  const sent = (): string | Buffer => (smaller ? gzipSync(row.body) : row.body);
  if (form.compressed) void reply.header('vary', 'Accept-Encoding');
  if (smaller) void reply.header('content-encoding', 'gzip');
  void reply.headers({ etag, 'cache-control': CACHE_CONTROL, ...form.headers });
  if (modified !== null) void reply.header('last-modified', modified.toUTCString());
  if (form.embeddable) void reply.header('content-security-policy', "default-src 'none'").removeHeader('x-frame-options');
  if (next !== null) void reply.header('link', `<${next}>; rel="next"`);
  const { headers } = reply.request;
  if (notModified(headers['if-none-match'], headers['if-modified-since'], etag, row)) {
    // To HEAD the bytes are given all the same: Fastify sends none of them, only the length that the 200 would have.
    return reply.code(304).send(reply.request.method === 'HEAD' ? sent() : undefined);
  }
  if (row.body === '') return reply.code(204).send();
  return reply.code(200).type(form.type).send(sent());
}

/** Sends it past every cache. */
export function sendPersonal(reply: FastifyReply, { body, form }: Personal): FastifyReply {
  return reply
    .code(200)
    .headers({ 'cache-control': 'private, no-store', ...form.headers })
    .type(form.type)
    .send(body);
}

export function sendMoved(reply: FastifyReply, { location }: Moved): FastifyReply {
  return reply.code(301).headers({ location, 'cache-control': CACHE_CONTROL }).send();
}

/**
 * RFC 9110, 13.2.2: If-None-Match decides alone where it is given; tags of a list and weak ones are compared by their opaque part.
 * If-Modified-Since is ignored when it is no HTTP date (13.1.3); of the three forms only the one in use today is read.
 */
function notModified(
  noneMatch: string | undefined,
  modifiedSince: string | undefined,
  etag: string,
  { modified, settled }: PublishedRow,
): boolean {
  if (noneMatch !== undefined) return namesTag(noneMatch, etag);
  if (modifiedSince === undefined || modified === null || !settled) return false;
  const since = new Date(modifiedSince);
  return since.toUTCString() === modifiedSince && modified <= since;
}

/** Whether If-None-Match holds the tag, or any. */
export function namesTag(noneMatch: string, etag: string): boolean {
  if (noneMatch.trim() === '*') return true;
  return (noneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, '') === etag);
}
