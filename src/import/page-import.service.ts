import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { DraftingService, type ActResult } from '../articles/drafting.service.js';
import { OldAddresses, type ClaimedAddress } from '../articles/old-addresses.service.js';
import { WorkflowService } from '../articles/workflow.service.js';
import { AuthorsService } from '../authors/authors.service.js';
import { Problem } from '../http/problem.js';
import { MastheadService } from '../masthead/masthead.service.js';
import { DeskPollsService } from '../polls/desk-polls.service.js';
import { SectionsService } from '../sections/sections.service.js';
import type { Wording } from '../text/wording.js';
import { PageRefused, deriveSummary, readPage, type SavedPage } from './page-reader.js';

/** Made when the first page is imported into it. */
const DEFAULT_SECTION = { slug: 'archive', name: { ar: 'الأرشيف', en: 'Archive', fr: 'Archives' } satisfies Wording };

export type PageOutcome = 'created' | 'updated' | 'skipped';

export interface PageImport {
  readonly page: SavedPage;
  /** The page's own summary, or one made of the first sentences of its first paragraph. */
  readonly summary: { readonly text: string; readonly derived: boolean };
  readonly outcome: PageOutcome;
  /** The article it became or is already; null for one that a dry run would make. */
  readonly article: { readonly id: number; readonly slug: string } | null;
  /** The draft made of the page's question, for which the desk has to find options; null where there is none, or where a dry run would make it. */
  readonly poll: { readonly id: number } | null;
  /** Where it stood on the old site, and where that leads now. */
  readonly addresses: readonly ClaimedAddress[];
  /** In a dry run: what would keep the new draft from being published. */
  readonly obstacle: Problem | null;
}

type Drafted = Pick<ActResult, 'id' | 'version' | 'slug'>;

interface Placed extends Pick<PageImport, 'outcome' | 'poll' | 'addresses'> {
  readonly article: Drafted;
}

export interface PageImportOptions {
  readonly section: string | null;
  readonly apply: boolean;
  readonly publish: boolean;
  /** Where the page stood, beside what it says itself. */
  readonly address?: string;
}

/** The archive importer for pages saved as text or HTML: reads, finds what is already here, drafts, publishes with the original date. */
@Injectable()
export class PageImportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly masthead: MastheadService,
    private readonly sections: SectionsService,
    private readonly authors: AuthorsService,
    private readonly drafting: DraftingService,
    private readonly workflow: WorkflowService,
    private readonly polls: DeskPollsService,
    private readonly oldAddresses: OldAddresses,
  ) {}

  /** @returns whether a section with this slug exists, or will be made when first needed */
  async hasSection(slug: string): Promise<boolean> {
    return slug === DEFAULT_SECTION.slug || (await this.sections.idOf(this.dataSource.manager, slug)) !== null;
  }

  /**
   * Imports one page: everything of it or nothing. The hash of its cleaned text is its identity, so a second import changes nothing,
   * except that it publishes a page drafted before when asked to, and notes an address of the old site that was not known yet.
   * @throws PageRefused when the page cannot be read without guessing; Problem when a rule of publication refuses it
   */
  async import(file: string, bytes: Uint8Array, options: PageImportOptions): Promise<PageImport> {
    const center = await this.masthead.settings(this.dataSource.manager);
    const page = readPage(bytes, center.zone, [...Object.values(center.name), ...Object.values(center.publisher)]);
    const summary = summaryOf(page);
    if (options.apply) {
      const place = await this.dataSource.transaction((tx) => this.place(tx, file, page, summary.text, options));
      return { page, summary, ...place, obstacle: null };
    }
    return { page, summary, ...(await this.rehearse(file, page, summary.text, options)) };
  }

  /** A dry run does the very work, publication included, and takes it back: what it foretells is what would happen. */
  private async rehearse(
    file: string,
    page: SavedPage,
    summary: string,
    options: PageImportOptions,
  ): Promise<Omit<PageImport, 'page' | 'summary'>> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const { outcome, article, addresses } = await this.place(runner.manager, file, page, summary, { ...options, publish: false });
      const obstacle = outcome === 'created' ? await this.obstacle(runner.manager, article) : null;
      return { outcome, article: outcome === 'created' ? null : article, poll: null, addresses, obstacle };
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }

  /** @returns what would keep the drafted page from being published, or null */
  private async obstacle(tx: EntityManager, article: Drafted): Promise<Problem | null> {
    try {
      await this.workflow.publish(tx, SYSTEM, article);
      return null;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  private async place(tx: EntityManager, file: string, page: SavedPage, summary: string, options: PageImportOptions): Promise<Placed> {
    const { section, publish } = options;
    // One page at a time, whoever imports: the second finds the page, its author and the section that the first has made.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('import', 0))`);
    const [known] = await tx.query<(Drafted & { untouched: boolean })[]>(
      `select a.id, a.version, a.status is null and a.edited_by is null as untouched, (select slug from revisions r where r.article_id = a.id order by number desc limit 1) as slug
       from imported_pages p join articles a on a.id = p.article_id where p.hash = $1`,
      [page.hash],
    );
    if (known) {
      const addresses = await this.claim(tx, known.id, page, options);
      // What an editor has taken up since is his, finished or not; only an untouched draft is still ours to publish.
      if (!publish || !known.untouched) return { outcome: 'skipped', article: known, poll: null, addresses };
      await this.workflow.publish(tx, SYSTEM, known);
      return { outcome: 'updated', article: known, poll: null, addresses };
    }
    const authors = new Set<number>();
    for (const { value } of page.authors) authors.add((await this.authors.findOrCreate(tx, page.lang, value)).id);
    const article = await this.drafting.draft(tx, SYSTEM, {
      lang: page.lang,
      title: page.title.value,
      summary,
      body: page.bodyHtml,
      sectionId: await this.sectionId(tx, section ?? DEFAULT_SECTION.slug),
      byline: [...authors].map((authorId) => ({ authorId })),
      publisher: page.publisher === null ? null : { name: page.publisher.value, url: null },
      dateline: page.dateline.value.original || null,
      publishedAt: page.dateline.value.publishedAt,
    });
    const { text, bodyHtml: _, ...report } = page;
    await tx.query(`insert into imported_pages (hash, article_id, file, page, report) values ($1, $2, $3, $4, $5)`, [
      page.hash,
      article.id,
      file,
      text,
      report,
    ]);
    const addresses = await this.claim(tx, article.id, page, options);
    const poll = await this.poll(tx, page, article.id);
    if (publish) await this.workflow.publish(tx, SYSTEM, article);
    return { outcome: 'created', article, poll, addresses };
  }

  /** What a page says of its own address may be wrong, as where all pages of a site name the same; what whoever imports says is an order. */
  private async claim(
    tx: EntityManager,
    articleId: number,
    page: SavedPage,
    { address }: PageImportOptions,
  ): Promise<readonly ClaimedAddress[]> {
    if (address !== undefined) {
      const [given] = await this.oldAddresses.claim(tx, articleId, [address]);
      if (given && given.takenBy !== null)
        throw new PageRefused('address_taken', `${given.address} leads to article ${given.takenBy} already.`);
    }
    return this.oldAddresses.claim(tx, articleId, [...(address === undefined ? [] : [address]), ...page.addresses]);
  }

  /** What the page asked its readers, where it asked. Its answers were not on the page, so it stays a draft. */
  private async poll(tx: EntityManager, { pollQuestion, lang }: SavedPage, articleId: number): Promise<PageImport['poll']> {
    if (pollQuestion === null) return null;
    const { id } = await this.polls.draft(tx, SYSTEM, { question: { [lang]: pollQuestion }, place: { articleId } });
    return { id };
  }

  private async sectionId(tx: EntityManager, slug: string): Promise<number> {
    return (await this.sections.idOf(tx, slug)) ?? (await this.sections.create(tx, DEFAULT_SECTION)).id;
  }
}

function summaryOf(page: SavedPage): PageImport['summary'] {
  if (page.summary !== null) return { text: page.summary.value, derived: false };
  return { text: deriveSummary(page.firstParagraph), derived: true };
}
