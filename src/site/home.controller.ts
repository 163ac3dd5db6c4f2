import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService, type FrontPieces } from '../articles/articles.service.js';
import { Addresses } from '../http/addresses.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn, movedTo } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { homePage, type Front } from './home.page.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** Newest pieces beside the lead. */
const NEWEST = 6;
/** Pieces of each section. */
const IN_A_BLOCK = 4;
/** Of all pieces: enough to find a lead among, should the newest have been retracted. */
const LOOKED_AT = 20;

/** The front page. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller()
export class HomeController {
  constructor(
    private readonly articles: ArticlesService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(@Req() { query, raw }: FastifyRequest): Promise<Published | Moved> {
    const listed = listedIn(query);
    // Old sites told their pieces apart behind the front page: `/?p=12`.
    const piece = await this.articles.atOldAddress(raw.url ?? '');
    if (piece !== null) return movedTo(piece, listed);
    const { lang: asked } = listed;
    const [pieces, frame] = await Promise.all([this.articles.front(LOOKED_AT, 1 + NEWEST + IN_A_BLOCK), this.frames.read()]);
    const front = composed(pieces);
    const cards = await this.articles.cardsOf([...new Set([front.lead ?? [], front.newest, front.blocks.map(({ ids }) => ids)].flat(2))], asked); // prettier-ignore
    return shownToAll(together(pieces, frame), homePage({ origin: this.addresses.origin, asked, frame, front, cards }));
  }
}

/**
 * What stands where while nobody has arranged it: the newest piece that was not taken back leads, the next ones follow, then some of each section
 * at the top. What stands above comes again only where a section has nothing else.
 */
export function composed({ newest, sections }: Pick<FrontPieces, 'newest' | 'sections'>): Front {
  const lead = newest.find(({ retracted }) => !retracted)?.id ?? null;
  const following = newest.map(({ id }) => id).filter((id) => id !== lead).slice(0, NEWEST); // prettier-ignore
  const above = new Set([lead, ...following]);
  const blocks = sections.map(({ slug, name, ids }) => {
    const others = ids.filter((id) => !above.has(id));
    return { slug, name, ids: (others.length > 0 ? others : ids).slice(0, IN_A_BLOCK) };
  });
  return { lead, newest: following, blocks: blocks.filter(({ ids }) => ids.length > 0) };
}
