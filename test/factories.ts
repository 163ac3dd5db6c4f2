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
