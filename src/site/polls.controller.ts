import { Body, Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Payload } from 'altcha-lib/types';
import { INSTANT_KEY } from '../http/cursor.js';
import { TakesForm } from '../http/forms.js';
import { InputPipe } from '../http/input.js';
import { HomeLanguage, Problem } from '../http/problem.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { WorkField } from '../http/work-field.js';
import type { Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import { PollsService } from '../polls/polls.service.js';
import { ReaderCookie } from '../polls/reader-cookie.js';
import { ResultsService } from '../polls/results.service.js';
import { VotingService } from '../polls/voting.service.js';
import { Addresses } from '../http/addresses.js';
import type { Lang } from '../text/language.js';
import { listedIn, numberIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { hrefOf, parameterIn, positionIn } from './links.js';
import { ON_A_PAGE } from './list.page.js';
import { PageFilter } from './page.filter.js';
import { pollPage, pollsPage, type TypedVote } from './polls.page.js';
import { shownToAll, shownToOne } from './shell.js';

/** What a ballot's form holds beside the choice, by the rules of the API's own. */
class VoteForm {
  @WorkField('Done by a script, where one runs.')
  work?: Payload;

  @AddressField({
    description: 'At level 3: where the link goes that makes the vote count.',
    example: 'reader@readers.example',
    optional: true,
  })
  email?: Address;
}

/** Open polls shown over the closed ones: all that a center has at a time. */
const OPEN = 100;

/** Refusals of a vote that are told over the poll; all others are pages of their own. */
const TOLD_OVER_POLL: ReadonlySet<number> = new Set([400, 409, 422, 429, 503]);

/**
 * Polls as pages, and voting by a plain form. What everybody sees is kept by caches and looks at no cookie; what follows a vote has an address of
 * its own, which nobody keeps.
 */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('polls')
export class SitePollsController {
  private readonly input = new InputPipe();

  constructor(
    private readonly polls: PollsService,
    private readonly results: ResultsService,
    private readonly voting: VotingService,
    private readonly cookie: ReaderCookie,
    private readonly home: HomeLanguage,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async list(@Req() { query }: FastifyRequest): Promise<Published> {
    const { lang: asked } = listedIn(query);
    const cursor = parameterIn(query, 'cursor');
    const position = positionIn(query, 'polls', INSTANT_KEY);
    const [closed, open, frame] = await Promise.all([
      this.polls.read('closed', ON_A_PAGE, position, asked),
      position === undefined ? this.polls.read('open', OPEN, undefined, asked) : null,
      this.frames.read(),
    ]);
    const listed = { origin: this.addresses.origin, path: ['polls'], asked, cursor, frame };
    return shownToAll(together(closed, ...(open === null ? [] : [open]), frame), pollsPage({ listed, open: open?.polls ?? [], closed }));
  }

  @Get(':id')
  async show(@Param('id') id: string, @Req() { query }: FastifyRequest): Promise<Published> {
    const { lang: asked } = listedIn(query);
    const [read, frame] = await Promise.all([this.results.read(Number(numberIn(id)), asked, null), this.frames.read()]);
    return shownToAll(together(read, frame), pollPage({ lang: asked ?? read.home, asked, read, frame }));
  }

  /** After the vote, for the reader whose browser has cast one; leads everybody else to the poll. */
  @Get(':id/vote')
  async voted(@Param('id') id: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const pollId = Number(numberIn(id));
    const nonce = this.cookie.nonceOf(request);
    const lang = this.langOf(request);
    const read = await this.results.read(pollId, lang, nonce);
    const vote = nonce === null ? null : await this.voting.voteOf(pollId, nonce);
    if (vote === null) return leadTo(reply, 303, hrefOf(['polls', pollId], listedIn(request.query).lang));
    return shownToOne(reply, pollPage({ lang, asked: lang, read, vote }));
  }

  /**
   * Casts a vote, and leads to {@link voted}, so that loading the page again casts none. A browser without a ballot is given one first and sends
   * its form again by itself: pressed twice before the first answer has come, the button makes no second reader.
   */
  @Post(':id/vote')
  @TakesForm()
  @HttpCode(303)
  async vote(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const pollId = Number(numberIn(id));
    const lang = this.langOf(request);
    const optionIds = optionsIn(body);
    try {
      if (optionIds.length === 0) throw nothingChosen();
      const visitor = { ip: request.ip, agent: request.headers['user-agent'] ?? '', lang };
      const nonce = this.cookie.nonceOf(request);
      if (nonce === null) {
        if (parameterIn(request.query, 'ballot') !== undefined) throw noBallotKept();
        const { made } = await this.voting.take(pollId, null, visitor);
        this.cookie.give(reply, made!);
        return leadTo(reply, 307, hrefOf(['polls', pollId, 'vote'], lang, { ballot: 'given' }));
      }
      await this.voting.voteByForm(pollId, { optionIds, ...(await this.filledIn(body)) }, nonce, visitor);
      return leadTo(reply, 303, hrefOf(['polls', pollId, 'vote'], lang));
    } catch (error) {
      if (!(error instanceof Problem) || !TOLD_OVER_POLL.has(error.getStatus())) throw error;
      return this.refused(error, { pollId, lang, typed: { optionIds, email: textIn(body, 'email') } }, request, reply);
    }
  }

  /** @throws Problem 400 naming the field */
  private async filledIn(body: unknown): Promise<Omit<Parameters<VotingService['voteByForm']>[1], 'optionIds'>> {
    const given = { work: textIn(body, 'work'), email: textIn(body, 'email').trim() };
    const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
    const { work, email } = (await this.input.transform(filled, { type: 'body', metatype: VoteForm })) as VoteForm;
    return { ...(work && { work }), ...(email && { email }), ...(textIn(body, 'consent') === 'on' && { consent: true }) };
  }

  private async refused(
    problem: Problem,
    { pollId, lang, typed }: { readonly pollId: number; readonly lang: Lang; readonly typed: TypedVote },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<string> {
    const nonce = this.cookie.nonceOf(request);
    const read = await this.results.read(pollId, lang, nonce);
    const vote = nonce === null ? null : await this.voting.voteOf(pollId, nonce);
    void reply.code(problem.getStatus()).headers({ ...problem.more.headers });
    return shownToOne(reply, pollPage({ lang, asked: lang, read, vote, refusal: problem, typed }));
  }

  private langOf({ url, headers }: FastifyRequest): Lang {
    return this.home.ofReader(url, headers['accept-language']);
  }
}

/** @param href on this host: under whatever name the page was opened, its cookie is kept there */
function leadTo(reply: FastifyReply, status: 303 | 307, href: string): string {
  void reply.code(status).headers({ location: href, 'cache-control': 'private, no-store' });
  return '';
}

/** What a form chose: one as `option=12`, several as `option-12=on`. */
function optionsIn(body: unknown): number[] {
  const fields = Object.entries((body ?? {}) as Readonly<Record<string, unknown>>);
  const ids = fields.flatMap(([name, value]) => (name === 'option' ? [String(value)] : (/^option-(\d+)$/.exec(name)?.[1] ?? [])));
  return [...new Set(ids.filter((id) => /^[1-9]\d{0,8}$/.test(id)).map(Number))];
}

function textIn(body: unknown, name: string): string {
  const value = ((body ?? {}) as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}

/** A form without an answer. */
function nothingChosen(): Problem {
  return new Problem(422, 'nothing_chosen', { ar: 'اختر إجابة ثم صوّت.', en: 'Choose an answer, then vote.' });
}

/** The browser was given a ballot a moment ago, and has not brought it. */
function noBallotKept(): Problem {
  return new Problem(400, 'ballot_required', {
    ar: 'لم يحفظ متصفحك بطاقة الاقتراع. اسمح لهذا الموقع بملفات الارتباط (cookies) ثم أعد التصويت.',
    en: 'Your browser has not kept the ballot. Allow cookies for this site, then vote again.',
  });
}
