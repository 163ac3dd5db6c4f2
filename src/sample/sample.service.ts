import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { DraftingService, type NewArticle } from '../articles/drafting.service.js';
import { TagsService } from '../articles/tags.service.js';
import { WorkflowService } from '../articles/workflow.service.js';
import { AuthorsService } from '../authors/authors.service.js';
import { takeTurn } from '../database/transaction.js';
import { MastheadService } from '../masthead/masthead.service.js';
import { DeskPollsService } from '../polls/desk-polls.service.js';
import { SectionsService } from '../sections/sections.service.js';
import { SAMPLE } from './content/content.js';
import type { SampleArticle } from './content/sample-article.js';

type Ids = ReadonlyMap<string, number>;

/** Fills an empty database with the sample center, through the same acts editors use. */
@Injectable()
export class SampleService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly masthead: MastheadService,
    private readonly sections: SectionsService,
    private readonly authors: AuthorsService,
    private readonly tags: TagsService,
    private readonly drafting: DraftingService,
    private readonly workflow: WorkflowService,
    private readonly polls: DeskPollsService,
  ) {}

  /** @returns whether the database was empty and has been filled; two instances starting at once fill it once */
  async loadOnce(): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      await takeTurn(tx, 'sample content');
      const [{ empty }] = await tx.query<[{ empty: boolean }]>(
        `select not exists (select from articles) and not exists (select from sections) and not exists (select from authors) as empty`,
      );
      if (empty) await this.load(tx);
      return empty;
    });
  }

  private async load(tx: EntityManager): Promise<void> {
    await this.masthead.introduce(tx, { ...SAMPLE.center, masthead: SAMPLE.masthead });
    const sections = new Map<string, number>();
    for (const [position, { parent, ...section }] of SAMPLE.sections.entries()) {
      const parentId = parent === undefined ? undefined : idOf(sections, parent);
      sections.set(section.slug, (await this.sections.create(tx, { ...section, position, parentId })).id);
    }
    const authors = new Map<string, number>();
    for (const author of SAMPLE.authors) authors.set(author.slug, (await this.authors.create(tx, author)).id);
    const tags = new Map<string, number>();
    for (const tag of SAMPLE.tags) tags.set(tag.slug, (await this.tags.createTag(tx, tag)).id);
    const series = await this.tags.createSeries(tx, SAMPLE.series);
    const articles = new Map<string, number>();
    for (const article of SAMPLE.articles)
      articles.set(article.key, await this.publish(tx, article, { sections, authors, tags, series: series.id }));
    const { article, ...poll } = SAMPLE.poll;
    const place = { articleId: idOf(articles, article) };
    await this.polls.openDraft(tx, SYSTEM, await this.polls.draft(tx, SYSTEM, { ...poll, place }));
  }

  /** @returns the id of the original */
  private async publish(
    tx: EntityManager,
    article: SampleArticle,
    ids: { sections: Ids; authors: Ids; tags: Ids; series: number },
  ): Promise<number> {
    const { translation, seriesPosition } = article;
    const common = {
      type: article.type,
      sectionId: idOf(ids.sections, article.section),
      byline: article.authors.map((slug) => ({ authorId: idOf(ids.authors, slug) })),
      tagIds: article.tags.map((slug) => idOf(ids.tags, slug)),
      references: article.references,
    };
    const { kicker, title, summary, body, slug } = article;
    const series = seriesPosition === undefined ? null : { id: ids.series, position: seriesPosition };
    const original = await this.goLive(tx, { ...common, lang: 'ar', slug, kicker, title, summary, body, series }, article.publishedAt);
    if (translation) {
      const { publishedAt, ...text } = translation;
      await this.goLive(tx, { ...common, ...text, translationOf: original }, publishedAt);
    }
    return original;
  }

  private async goLive(tx: EntityManager, article: NewArticle, publishedAt: string): Promise<number> {
    const { id, version } = await this.drafting.draft(tx, SYSTEM, { ...article, publishedAt: new Date(publishedAt) });
    await this.workflow.publish(tx, SYSTEM, { id, version });
    return id;
  }
}

function idOf(ids: Ids, slug: string): number {
  const id = ids.get(slug);
  if (id === undefined) throw new Error(`the sample content names "${slug}", which it does not have`);
  return id;
}
