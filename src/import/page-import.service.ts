import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ArticlesService } from '../articles/articles.service.js';
import { AuthorsService } from '../authors/authors.service.js';
import { MastheadService } from '../masthead/masthead.service.js';
import { SectionsService } from '../sections/sections.service.js';
import type { Wording } from '../text/wording.js';
import { deriveSummary, readPage, type SavedPage } from './page-reader.js';

/** Made when the first page is imported into it. */
const DEFAULT_SECTION = { slug: 'archive', name: { ar: 'الأرشيف', en: 'Archive', fr: 'Archives' } satisfies Wording };

export type PageOutcome = 'created' | 'updated' | 'skipped';

export interface PageImport {
  readonly page: SavedPage;
  /** The page's own summary, or one made of the first sentences of its first paragraph. */
  readonly summary: { readonly text: string; readonly derived: boolean };
  readonly outcome: PageOutcome;
  /** The article it became, or would have become null in a dry run. */
  readonly article: { readonly id: number; readonly slug: string } | null;
}

export interface PageImportOptions {
  readonly section: string | null;
  readonly apply: boolean;
  readonly publish: boolean;
}

/** The archive importer for pages saved as text or HTML: reads, finds what is already here, drafts, publishes with the original date. */
@Injectable()
export class PageImportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly masthead: MastheadService,
    private readonly sections: SectionsService,
    private readonly authors: AuthorsService,
    private readonly articles: ArticlesService,
  ) {}

  /** @returns whether a section with this slug exists, or will be made when first needed */
  async hasSection(slug: string): Promise<boolean> {
    return slug === DEFAULT_SECTION.slug || (await this.sections.idOf(this.dataSource.manager, slug)) !== null;
  }

  /**
   * Imports one page: everything of it or nothing. The hash of its cleaned text is its identity, so a second import changes nothing,
   * except that it publishes a page drafted before when asked to.
   * @throws PageRefused when the page cannot be read without guessing; Problem when a rule of publication refuses it
   */
  async import(file: string, bytes: Uint8Array, options: PageImportOptions): Promise<PageImport> {
    const center = await this.masthead.settings(this.dataSource.manager);
    const page = readPage(bytes, center.zone, [...Object.values(center.name), ...Object.values(center.publisher)]);
    const summary = summaryOf(page);
    const place = await this.dataSource.transaction((tx) => this.place(tx, file, page, summary.text, options));
    return { page, summary, ...place };
  }

  private async place(
    tx: EntityManager,
    file: string,
    page: SavedPage,
    summary: string,
    { section, apply, publish }: PageImportOptions,
  ): Promise<Pick<PageImport, 'outcome' | 'article'>> {
    // Two imports of one page at once: the second waits here and then finds it.
    if (apply) await tx.query(`select pg_advisory_xact_lock(hashtextextended('page:' || $1, 0))`, [page.hash]);
    const [known] = await tx.query<{ id: number; slug: string; version: number; status: string | null }[]>(
      `select a.id, a.version, a.status, (select slug from revisions r where r.article_id = a.id order by number desc limit 1) as slug
       from imported_pages p join articles a on a.id = p.article_id where p.hash = $1`,
      [page.hash],
    );
    if (known) {
      // Whatever editors have done with it since is theirs; only an untouched wish to publish is still ours to carry out.
      if (!publish || known.status !== null) return { outcome: 'skipped', article: known };
      if (apply) await this.articles.publish(tx, known.id, known.version, page.dateline.value.publishedAt);
      return { outcome: 'updated', article: known };
    }
    if (!apply) return { outcome: 'created', article: null };
    const byline = page.author === null ? [] : [{ authorId: (await this.authors.findOrCreate(tx, { [page.lang]: page.author.value })).id }];
    const article = await this.articles.draft(tx, {
      lang: page.lang,
      title: page.title.value,
      summary,
      body: page.bodyHtml,
      sectionId: await this.sectionId(tx, section ?? DEFAULT_SECTION.slug),
      byline,
      publisher: page.publisher === null ? null : { name: page.publisher.value, url: null },
      dateline: page.dateline.value.original || null,
    });
    const { text, bodyHtml: _, ...report } = page;
    await tx.query(`insert into imported_pages (hash, article_id, file, page, report) values ($1, $2, $3, $4, $5)`, [
      page.hash,
      article.id,
      file,
      text,
      report,
    ]);
    if (publish) await this.articles.publish(tx, article.id, article.version, page.dateline.value.publishedAt);
    return { outcome: 'created', article };
  }

  private async sectionId(tx: EntityManager, slug: string): Promise<number> {
    const known = await this.sections.idOf(tx, slug);
    if (known !== null) return known;
    // Held to the end of the transaction: the default section is made once.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('section:' || $1, 0))`, [slug]);
    return (await this.sections.idOf(tx, slug)) ?? (await this.sections.create(tx, DEFAULT_SECTION)).id;
  }
}

function summaryOf(page: SavedPage): PageImport['summary'] {
  if (page.summary !== null) return { text: page.summary.value, derived: false };
  return { text: deriveSummary(page.firstParagraph), derived: true };
}
