import { createHash, randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Payload } from 'altcha-lib/types';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ArticlesService, type ReadArticle } from '../articles/articles.service.js';
import { Choice } from '../http/body.js';
import { TakesForm } from '../http/forms.js';
import { InputPipe } from '../http/input.js';
import { HomeLanguage, Problem } from '../http/problem.js';
import { Moved } from '../http/published.js';
import { Public } from '../http/public.js';
import { WorkField } from '../http/work-field.js';
import { countedMailbox, type Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import { SenderCookie } from '../send-to-friend/sender-cookie.js';
import { SenderNameField } from '../send-to-friend/sender-name.js';
import { sharingOff } from '../send-to-friend/share-refusals.js';
import { SharesService, type ShareVisitor, type TakenShare } from '../send-to-friend/shares.service.js';
import { LANGS, isLang, type Lang } from '../text/language.js';
import { listedIn, movedTo, numberIn } from './articles.controller.js';
import { PageFilter } from './page.filter.js';
import { FIELDS, sendPage, sendTakenPage, type Field, type Refusal, type Typed } from './send.page.js';
import { shownToOne } from './shell.js';

/** What the page's fields have to be, by the rules of the API's own. */
class SendForm {
  @SenderNameField()
  senderName: string;

  @AddressField({ description: 'Asked for confirmation first, unless this browser has proof of one.', example: 'reader@readers.example' })
  senderEmail: Address;

  @AddressField({ description: 'A friend.', example: 'friend@friends.example' })
  recipient1: Address;

  @AddressField({ description: 'Another.', example: 'second@friends.example', optional: true })
  recipient2?: Address;

  @AddressField({ description: 'A third.', example: 'third@friends.example', optional: true })
  recipient3?: Address;

  @Choice(LANGS, { description: 'Of the letter.', example: 'ar', optional: true })
  lang?: Lang;

  @WorkField('Done by a script, where one runs.')
  work?: Payload;
}

/** As {@link newKey} makes it. */
const KEY = /^[\w-]{22}$/;

/** Refusals that are told in the form, beside what was typed; all others are pages of their own. */
const TOLD_IN_FORM: ReadonlySet<number> = new Set([400, 422, 429, 503]);

/** The form that sends a piece to friends. It works without scripts. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('articles/:id/:slug/send')
export class SendController {
  private readonly input = new InputPipe();

  constructor(
    private readonly articles: ArticlesService,
    private readonly shares: SharesService,
    private readonly cookie: SenderCookie,
    private readonly home: HomeLanguage,
  ) {}

  /** An empty form, whatever its address holds: nobody is led to send what another has written into a link. */
  @Get()
  async show(
    @Param('id') id: string,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | Moved> {
    const read = await this.readFor(id, request);
    if (slug !== read.article.slug) return movedTo(`${read.article.url}/send`, listedIn(request.query));
    const form = { read, key: newKey(), typed: typedIn({}), chosen: read.article.lang, refusal: null };
    return shownToOne(reply, sendPage({ lang: this.langOf(request), ...form }));
  }

  @Post()
  @TakesForm()
  @HttpCode(202)
  async send(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const read = await this.readFor(id, request);
    const lang = this.langOf(request);
    const values = (body ?? {}) as Readonly<Record<string, unknown>>;
    const typed = typedIn(values);
    const chosen = isLang(values['lang']) ? values['lang'] : read.article.lang;
    // Whoever has lost its key has a new form.
    const key = typeof values['key'] === 'string' && KEY.test(values['key']) ? values['key'] : newKey();
    const visitor = { ip: request.ip, key: keyOf(key, read.article.id, typed, chosen), proof: this.cookie.heldBy(request) };
    const work = typeof values['work'] === 'string' ? values['work'] : '';
    const taken = await this.take(read.article.id, { ...typed, work, lang: chosen }, visitor).catch(inForm);
    if ('confirmed' in taken) return shownToOne(reply, sendTakenPage({ lang, read, confirmed: taken.confirmed }));
    void reply.code(taken.status).headers(taken.headers);
    return shownToOne(reply, sendPage({ lang, read, key, typed, chosen, refusal: taken }));
  }

  /** @throws Problem 400 naming the fields; else as {@link SharesService.takeForm} */
  private async take(
    articleId: number,
    values: Typed & { readonly work: string; readonly lang: Lang },
    visitor: ShareVisitor,
  ): Promise<TakenShare> {
    const filled = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    const form = (await this.input.transform(filled, { type: 'body', metatype: SendForm })) as SendForm;
    const friends = [form.recipient1, form.recipient2, form.recipient3].filter((friend) => friend !== undefined);
    // Whoever types a friend twice means one letter.
    const recipients = [...new Map(friends.toReversed().map((friend) => [countedMailbox(friend), friend])).values()].toReversed();
    const { senderName, senderEmail, lang, work } = form;
    return this.shares.takeForm(articleId, { senderName, senderEmail, recipients, lang, work }, visitor);
  }

  /** @throws NotFound; Problem 403 `mail_sharing_off`, 410 `withdrawn` */
  private async readFor(id: string, request: FastifyRequest): Promise<ReadArticle> {
    const read = await this.articles.read(numberIn(id), listedIn(request.query).lang, null);
    if (!read.mailSharing) throw sharingOff();
    return read;
  }

  private langOf({ url, headers }: FastifyRequest): Lang {
    return this.home.ofReader(url, headers['accept-language']);
  }
}

/** 128 bits. */
function newKey(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * Pressed twice, a form is one share. Filled in otherwise, after the browser's way back or in a second tab, it is another, however its key came:
 * a reader knows of no keys.
 */
function keyOf(key: string, articleId: number, typed: Typed, lang: Lang): string {
  const values = [key, articleId, ...FIELDS.map((name) => typed[name]), lang];
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

/** The fields as they were typed, without space around them, friends from the first place on. */
function typedIn(values: Readonly<Record<string, unknown>>): Typed {
  const typed = (name: Field): string => (typeof values[name] === 'string' ? values[name].trim() : '');
  const friends = (['recipient1', 'recipient2', 'recipient3'] as const).map(typed).filter((friend) => friend !== '');
  const [recipient1 = '', recipient2 = '', recipient3 = ''] = friends;
  return { senderName: typed('senderName'), senderEmail: typed('senderEmail'), recipient1, recipient2, recipient3 };
}

interface RefusedForm extends Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws whatever the form has no place for */
function inForm(error: unknown): RefusedForm {
  if (!(error instanceof Problem) || !TOLD_IN_FORM.has(error.getStatus())) throw error;
  const { errors = [], headers = {} } = error.more;
  const fields = Object.fromEntries(
    errors.flatMap(({ field, message }) => (FIELDS.some((name) => name === field) ? [[field, message]] : [])),
  );
  return { status: error.getStatus(), detail: error.detail, fields, headers };
}
