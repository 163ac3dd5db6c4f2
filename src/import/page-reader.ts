import { createHash } from 'node:crypto';
import type { Element, ElementContent, Root } from 'hast';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import { cleanLine, cleanText, UncleanText } from '../text/clean.js';
import { parseDateline, startOfDay, type ParsedDateline } from '../text/dateline.js';
import { matchKey, splitHonorific } from '../text/fold.js';
import { detectLang, type Lang } from '../text/language.js';
import { decodePage, type DecodedPage } from './encoding.js';
import { isMarkup, NO_METADATA, readMarkup, type PageContent, type PageLine, type PageMetadata } from './page-html.js';
import { afterChangeLabel, bylineName, chromeKind, isChromeWord, isOpening, isRole, key } from './page-phrases.js';

/** A value read from a page, how sure the reader is, and the reason in a sentence for the report. */
interface PageField<T> {
  value: T;
  confidence: 'certain' | 'likely' | 'guess';
  why: string;
}

/** When a page was published. */
interface PageDateline {
  /** Letter for letter as printed; '' where only the page's metadata gives a date, so that the house form is composed. */
  original: string;
  publishedAt: Date;
  /** 'day': no time was given; `publishedAt` is then the first instant of that day in the zone. */
  precision: 'minute' | 'day';
}

/** A saved page, read. Every line of it stands in exactly one of the fields, `masthead`, `bodyHtml`, `pollQuestion` or `leftOut`. */
export interface SavedPage {
  /** SHA-256 of the cleaned visible lines, hexadecimal: the page's identity however it was encoded, spaced and marked for direction. */
  hash: string;
  /** The whole cleaned page (of an HTML page, its source), kept as provenance. */
  text: string;
  encoding: string;
  lang: Lang;
  title: PageField<string>;
  /** As printed, honorifics included; a printed line is one entry, metadata may give several. Empty where nobody is named. */
  authors: PageField<string>[];
  dateline: PageField<PageDateline>;
  publisher: PageField<string> | null;
  /** Only what the page itself gives as its description. */
  summary: PageField<string> | null;
  /** Raw HTML, to be cleaned by the body pipeline. */
  bodyHtml: string;
  /** The text of the first line of the body that is not a heading, for a summary where the page gives none. */
  firstParagraph: string;
  /** Lines of the body that are not headings. */
  paragraphs: number;
  headings: number;
  pollQuestion: string | null;
  /** Where it stood on the old site, as the page says. */
  addresses: string[];
  /** Lines above the title: site name, offices and their holders. Never the author. */
  masthead: string[];
  leftOut: { line: string; why: string }[];
  warnings: string[];
}

/** A page that cannot be read without guessing; the message is a sentence for the report. */
export class PageRefused extends Error {
  constructor(
    readonly reason: 'no_dateline' | 'no_title' | 'no_body' | 'unclean' | 'too_large' | 'address_taken',
    message: string,
  ) {
    super(message);
    this.name = 'PageRefused';
  }
}

const MAX_BYTES = 5 * 1024 * 1024;
const MAX_AUTHOR_WORDS = 5;
const MAX_PUBLISHER_WORDS = 8;
const MAX_HEADING_WORDS = 8;
const MAX_HEADING_LETTERS = 60;
const MAX_SUMMARY = 300;

/** More short lines in a row than this are verse or a list, not headings above each other. */
const MAX_HEADINGS_IN_A_ROW = 2;

const FINAL_STOP = /[.!?؟…]["»”’)\]]*$/u;
const FINAL_PUNCTUATION = /[.!?؟…:؛;،,]["»”’)\]]*$/u;
const QUESTION = /[?؟]["»”’)\]]*$/u;
const BULLET = /^[-–—•*·▪◦●]/u;
const BORDER = /[\s\u061c\u200e\u200f]/;
/** Marks of direction and the byte order mark: they are not part of a printed date. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Reads a page saved from a site, as text or HTML, into the parts of an article.
 *
 * The anchor is the dateline: the first line that is a date and nothing else. Above it stand masthead, author and title, below it the
 * publisher, the body, the share line and a poll question. The rules were tried on one bespoke Arabic site and nine changed copies of
 * its page; a title in two lines, several printed authors without metadata or a dateline above the title are not understood, so nothing
 * read here should be published unseen.
 *
 * @param bytes the file, up to 5 MB, in UTF-8, UTF-16 with a byte order mark, a declared encoding, or windows-1256.
 * @param zone IANA zone in which the page prints its times.
 * @param publisherNames the center's known names; a publisher line equal to one of them (folded) is certain.
 * @throws PageRefused the page has no readable dateline, title or body, contains control characters, or is too large.
 */
export function readPage(bytes: Uint8Array, zone: string, publisherNames: string[] = []): SavedPage {
  if (bytes.byteLength > MAX_BYTES) throw new PageRefused('too_large', `The file is larger than ${MAX_BYTES / 1024 / 1024} MB.`);
  const decoded = decodePage(bytes);
  try {
    return readDecoded(decoded, zone, publisherNames);
  } catch (error) {
    const refusal =
      error instanceof UncleanText
        ? new PageRefused('unclean', `The page is not plain text: it contains ${UNCLEAN[error.reason]}.`)
        : error;
    // A page read in the wrong encoding is refused for what that made of it, so the guess belongs to the reason.
    if (refusal instanceof PageRefused && decoded.warning !== null) {
      throw new PageRefused(refusal.reason, `${refusal.message} ${decoded.warning}`);
    }
    throw refusal;
  }
}

const UNCLEAN: Readonly<Record<UncleanText['reason'], string>> = {
  nul: 'a NUL character',
  lone_surrogate: 'half of a surrogate pair',
  noncharacter: 'a Unicode noncharacter',
  control: 'control characters',
  marks: 'more than 30 combining marks in a row',
};

function readDecoded({ text: decoded, encoding, warning }: DecodedPage, zone: string, publisherNames: string[]): SavedPage {
  const text = cleanText(decoded);
  const content = isMarkup(text) ? markupContent(text) : { lines: textLines(text), metadata: NO_METADATA, warnings: [] };
  const page = new PageReading(content, zone, publisherNames).read();
  return {
    hash: hashOf(content.lines),
    text,
    encoding,
    ...page,
    addresses: content.metadata.addresses,
    warnings: [...(warning === null ? [] : [warning]), ...page.warnings],
  };
}

function hashOf(lines: PageLine[]): string {
  const visible = lines.filter((line) => line.kind !== 'hidden').map((line) => line.text);
  return createHash('sha256').update(visible.join('\n')).digest('hex');
}

function markupContent(html: string): PageContent {
  try {
    return readMarkup(html);
  } catch (error) {
    if (error instanceof RangeError) throw new PageRefused('unclean', 'The markup of the page is nested too deeply to be read.');
    throw error;
  }
}

function textLines(text: string): PageLine[] {
  return text.split('\n').flatMap((raw): PageLine[] => {
    const line = cleanLine(raw);
    // Saved text is full of no-break spaces that nobody typed.
    const value = withoutBorders(raw.replace(/[\u00a0\t]/g, ' '));
    return line === '' ? [] : [{ text: line, original: raw, content: [{ type: 'text', value }], kind: 'p', inTable: false }];
  });
}

/** A line without white space and marks of direction at its two ends; inside it the marks matter. A loop, as `+$` is quadratic on long runs. */
function withoutBorders(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && BORDER.test(line.charAt(start))) start += 1;
  while (end > start && BORDER.test(line.charAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

type Reading = Omit<SavedPage, 'hash' | 'text' | 'encoding' | 'addresses'>;

/** The lines above the date, without what is left out. */
interface Head {
  title: PageField<string>;
  authors: PageField<string>[];
  masthead: string[];
}

/** One page on its way through the rules; each takes its lines out of those that remain. */
class PageReading {
  private readonly metadata: PageMetadata;
  private readonly leftOut: SavedPage['leftOut'] = [];
  private readonly warnings: string[];
  private readonly lines: PageLine[];

  constructor(
    content: PageContent,
    private readonly zone: string,
    private readonly publisherNames: string[],
  ) {
    this.metadata = content.metadata;
    this.warnings = [...content.warnings];
    this.lines = content.lines.filter((line) => {
      if (line.kind === 'hidden') this.leave(line, 'hidden on the page, or text of a drawing or frame');
      else if (line.kind === 'apparatus') this.leave(line, 'navigation or other apparatus of the page');
      else if (key(line.text) === '') this.leave(line, 'no words');
      else return true;
      return false;
    });
  }

  read(): Reading {
    const printedAt = this.printedDate();
    const anchor = printedAt >= 0 ? printedAt : this.undatedAnchor();
    const printed = printedAt >= 0 ? this.lines[printedAt] : undefined;
    const dateline = this.dateline(printed);
    if (this.lines.filter((line) => this.dateIn(line) !== null || this.isChangeDate(line)).length > 1) {
      this.warnings.push('Several lines of the page are dates; check that the right one was taken.');
    }
    const above = this.withoutDates(this.withoutChrome(this.lines.slice(0, anchor)), Infinity);
    const rest = this.lines.slice(printed ? anchor + 1 : anchor);
    const { body: below, pollQuestion } = this.cutEnd(this.withoutDates(rest, firstText(rest)));
    const head = this.head(above, below);
    const publisher = this.publisher(below, head);
    const body = this.body(below);
    if (body.paragraphs === 0) throw new PageRefused('no_body', 'The page has no paragraph below its date.');
    return {
      lang: detectLang([head.title.value, ...below.map((line) => line.text)].join('\n')),
      title: head.title,
      authors: head.authors,
      dateline,
      publisher,
      summary: this.summary(head.title.value),
      ...body,
      pollQuestion,
      masthead: head.masthead,
      leftOut: this.leftOut,
      warnings: this.warnings,
    };
  }

  private leave(line: PageLine, why: string): void {
    this.leftOut.push({ line: line.text, why });
  }

  private dateIn(line: PageLine): ParsedDateline | null {
    return parseDateline(line.text, this.zone);
  }

  /** The first date with a title above it: a site may print today's date at its very top. -1 where no line is a date. */
  private printedDate(): number {
    const dates = [...this.lines.keys()].filter((index) => this.lines[index] !== undefined && this.dateIn(this.lines[index]) !== null);
    const title = this.lines.findIndex((line) => this.isDeclaredTitle(line));
    const heading = this.lines.findIndex((line) => line.kind === 'h1' && this.couldBeTitle(line));
    // A date below the main heading but inside the text belongs to the text; the page then prints its own above the heading.
    const atHeading = dates.find(
      (index) => heading >= 0 && index > heading && firstText(this.lines.slice(heading + 1, index)) === index - heading - 1,
    );
    if (title < 0 && atHeading !== undefined) return atHeading;
    const first = title >= 0 ? title : this.lines.findIndex((line) => this.couldBeTitle(line));
    return dates.find((index) => first >= 0 && index > first) ?? dates[0] ?? -1;
  }

  private couldBeTitle(line: PageLine): boolean {
    if (!/\p{L}/u.test(line.text) || chromeKind(line.text) !== null || this.dateIn(line) !== null || this.isChangeDate(line)) return false;
    return line.kind === 'h1' || !isByline(line.text);
  }

  /** Whether the line gives the date of a later change, label and date. */
  private isChangeDate(line: PageLine): boolean {
    const date = afterChangeLabel(line.text);
    return date !== null && parseDateline(date, this.zone) !== null;
  }

  /** Takes out the dates beside the dateline: labelled ones anywhere, bare ones before the text only, since in it they are headings of a chronicle. */
  private withoutDates(lines: PageLine[], textAt: number): PageLine[] {
    return lines.filter((line, index) => {
      const isDate = this.isChangeDate(line) || (index < textAt && this.dateIn(line) !== null);
      if (isDate) this.leave(line, 'another date');
      return !isDate;
    });
  }

  private withoutChrome(lines: PageLine[], headings: ReadonlySet<PageLine> = new Set()): PageLine[] {
    return lines.filter((line) => {
      const kind = headings.has(line) ? null : chromeKind(line.text);
      if (kind !== null) this.leave(line, CHROME_REASONS[kind]);
      return kind === null;
    });
  }

  /** A page without a printed date but with one in its metadata is anchored on the line that prints its title. */
  private undatedAnchor(): number {
    if (this.metadata.published === null || parseDateline(this.metadata.published, this.zone) === null) {
      throw new PageRefused('no_dateline', 'No line of the page is a date, so its parts cannot be told apart.');
    }
    const title = this.lines.findIndex((line) => this.isDeclaredTitle(line) || line.kind === 'h1');
    if (title < 0) throw new PageRefused('no_dateline', 'The page prints no date, and no line is the title that its metadata gives.');
    return title + 1;
  }

  private dateline(printed: PageLine | undefined): PageField<PageDateline> {
    const declared = this.metadata.published === null ? null : parseDateline(this.metadata.published, this.zone);
    const parsed = printed ? this.dateIn(printed) : declared;
    if (parsed === null) throw new PageRefused('no_dateline', 'No line of the page is a date.');
    const original = printed ? printed.original.normalize('NFC').replace(DIRECTION_MARKS, '').trim() : '';
    // A printed day may be completed by the metadata's minute, never moved by it.
    const exact = parsed.instant === null && declared?.date === parsed.date ? declared : parsed;
    const value: PageDateline =
      exact.instant === null
        ? { original, publishedAt: startOfDay(exact.date, this.zone), precision: 'day' }
        : { original, publishedAt: exact.instant, precision: 'minute' };
    for (const warning of parsed.warnings) this.warnings.push(DATE_WARNINGS[warning]);
    if (!printed) return { value, confidence: 'likely', why: 'the page prints no date; its metadata gives one' };
    if (declared !== null && declared.date !== parsed.date) {
      this.warnings.push(
        `The metadata gives another date (${declared.date}) than the page prints (${parsed.date}); the printed one was taken.`,
      );
      return { value, confidence: 'likely', why: 'the first line that is a date; the metadata contradicts it' };
    }
    if (declared !== null) return { value, confidence: 'certain', why: 'the first line that is a date, confirmed by the metadata' };
    const doubtful = parsed.warnings.length > 0;
    return { value, confidence: doubtful ? 'likely' : 'certain', why: 'the first line of the page that is a date and nothing else' };
  }

  private isDeclaredTitle(line: PageLine): boolean {
    const printed = key(line.text);
    return this.metadata.titles.some((title) => {
      const declared = key(title);
      // Sites append their name to a declared title; a short line could begin a title by chance.
      return declared === printed || (printed.split(' ').length >= 4 && declared.startsWith(`${printed} `));
    });
  }

  private head(above: PageLine[], below: PageLine[]): Head {
    // A site's name can be either of the two as well, but then it stands higher.
    const markedAt = above.findLastIndex((line) => this.isDeclaredTitle(line) || (line.kind === 'h1' && this.couldBeTitle(line)));
    const titleAt = markedAt >= 0 ? markedAt : above.findLastIndex((line) => this.couldBeTitle(line));
    const titleLine = above[titleAt];
    if (titleLine === undefined) throw new PageRefused('no_title', 'No line above the date could be the title.');
    const isRepeat = (line: PageLine): boolean => line !== titleLine && key(line.text) === key(titleLine.text);
    for (const line of [...above, ...below].filter(isRepeat)) this.leave(line, 'repeats the title');
    below.splice(0, below.length, ...below.filter((line) => !isRepeat(line)));
    const before = above.slice(0, titleAt).filter((line) => !isRepeat(line));
    const between = above.slice(titleAt + 1).filter((line) => !isRepeat(line));
    const { authors, taken } = this.authors(before, between, below);
    const masthead = [...before, ...between].filter((line) => !taken.includes(line)).map((line) => line.text);
    return { title: titleField(titleLine, this.isDeclaredTitle(titleLine), authors), authors, masthead };
  }

  /** Takes the authors' lines out of `below` where they stand there; those above the date are returned as taken. */
  private authors(before: PageLine[], between: PageLine[], below: PageLine[]): { authors: Head['authors']; taken: PageLine[] } {
    const last = before.at(-1);
    const [printed, ...repeats] = before.slice(runStart(before));
    if (printed !== undefined && repeats.length > 0 && !isRole(printed.text)) {
      for (const line of repeats) this.leave(line, 'repeats the author');
      const value = bylineName(printed.text) ?? printed.text;
      return { authors: [{ value, confidence: 'certain', why: 'stands twice above the title' }], taken: [printed, ...repeats] };
    }
    const declared = this.metadata.authors;
    const near = [...between, ...before.slice(-2).toReversed(), ...below.slice(0, 3)];
    const seen = new Set<string>();
    const taken = near.filter((line) => {
      const names = peopleNamed(line.text, declared);
      if (names.length > 0 && names.every((name) => seen.has(name))) this.leave(line, 'repeats the author');
      for (const name of names) seen.add(name);
      return names.length > 0;
    });
    const byline = taken.length > 0 ? undefined : near.find((line) => isByline(line.text));
    if (byline !== undefined) taken.push(byline);
    below.splice(0, below.length, ...below.filter((line) => !taken.includes(line)));
    if (byline !== undefined) {
      const value = bylineName(byline.text) ?? byline.text;
      return { authors: [{ value, confidence: 'likely', why: 'the line says that it names the author' }], taken };
    }
    if (declared.length > 0) return { authors: declared.map((name) => declaredAuthor(name, declared, taken)), taken };
    const guess = between.find((candidate) => this.couldBeAuthor(candidate, undefined, below)) ?? last;
    if (guess === undefined || !this.couldBeAuthor(guess, before.at(before.indexOf(guess) - 1), below)) return { authors: [], taken: [] };
    return { authors: [{ value: guess.text, confidence: 'guess', why: 'a short line next to the title' }], taken: [guess] };
  }

  private couldBeAuthor(line: PageLine, previous: PageLine | undefined, below: PageLine[]): boolean {
    if (wordCount(line.text) > MAX_AUTHOR_WORDS || FINAL_PUNCTUATION.test(line.text) || /\p{N}/u.test(line.text)) return false;
    if (isRole(line.text) || (previous !== undefined && isRole(previous.text))) return false;
    const owners = [...this.publisherNames, this.metadata.publisher ?? '', below[0]?.text ?? ''];
    return !owners.some((owner) => ` ${key(owner)} `.includes(` ${key(line.text)} `));
  }

  /** Takes the publisher's line out of `below`. */
  private publisher(below: PageLine[], { masthead }: Head): PageField<string> | null {
    const declared = this.metadata.publisher;
    const line = below[0];
    if (
      line !== undefined &&
      below.length > 1 &&
      line.kind === 'p' &&
      !FINAL_PUNCTUATION.test(line.text) &&
      wordCount(line.text) <= MAX_PUBLISHER_WORDS
    ) {
      const name = key(line.text);
      const take = (confidence: 'certain' | 'guess', why: string): PageField<string> => {
        below.shift();
        return { value: line.text, confidence, why };
      };
      if (this.publisherNames.some((known) => key(known) === name)) return take('certain', 'a known name of the center, below the date');
      // A masthead may break the name over several lines.
      if (` ${key(masthead.join(' '))} `.includes(` ${name} `)) return take('certain', 'stands below the date and in the masthead');
      if (declared !== null && key(declared) === name) return take('certain', 'stands below the date and in the metadata');
      if (declared === null && !isOpening(line.text) && !BULLET.test(line.text)) return take('guess', 'a short line below the date');
    }
    return declared === null ? null : { value: declared, confidence: 'likely', why: 'named in the metadata only' };
  }

  /** Divides what follows the date into the article and what the site put below it. */
  private cutEnd(lines: PageLine[]): { body: PageLine[]; pollQuestion: string | null } {
    const textAt = firstText(lines);
    const headings = new Set(lines.filter((line, index) => index > textAt && isChromeHeading(line, lines[index + 1])));
    const share = lines.findIndex((line, index) => index > textAt && chromeKind(line.text) === 'share' && !headings.has(line));
    const end = share >= 0 ? share : repeatedTail(lines);
    const body = this.withoutChrome(lines.slice(0, end), headings);
    const tail = this.withoutChrome(lines.slice(end), headings);
    for (const { text } of body.filter((line) => headings.has(line))) {
      this.warnings.push(`«${text}» was taken for a sub-heading, since a paragraph follows it.`);
    }
    const cutOff = tail.filter((line) => isParagraph(line.text) && !QUESTION.test(line.text)).length;
    if (cutOff > 0) {
      this.warnings.push(
        `Text stands below the end of the article and was left out (paragraphs: ${cutOff}); check that the article is whole.`,
      );
    }
    let pollQuestion: string | null = null;
    for (const line of tail) {
      if (pollQuestion !== null && key(pollQuestion) === key(line.text)) this.leave(line, 'repeats the poll question');
      else if (pollQuestion === null && QUESTION.test(line.text)) pollQuestion = line.text;
      else this.leave(line, 'below the end of the article');
    }
    return { body, pollQuestion };
  }

  private body(lines: PageLine[]): Pick<Reading, 'bodyHtml' | 'firstParagraph' | 'paragraphs' | 'headings'> {
    const kinds = this.kinds(lines);
    const headings = kinds.filter((kind) => HEADINGS.has(kind)).length;
    const cells = lines.filter((line) => line.inTable).length;
    if (cells > 0) this.warnings.push(`Tables were taken apart: ${cells} lines of the text stood in table cells.`);
    const firstParagraph = lines.find((_, index) => !HEADINGS.has(kinds[index] ?? 'p'))?.text ?? '';
    return { bodyHtml: bodyHtml(lines, kinds), firstParagraph, paragraphs: lines.length - headings, headings };
  }

  /** The element of each line: the page's own markup where it has headings, else short lines above longer ones are headings. */
  private kinds(lines: PageLine[]): PageLine['kind'][] {
    if (lines.some((line) => HEADINGS.has(line.kind))) return lines.map((line) => line.kind);
    const short = lines.map((line) => line.kind === 'p' && isShort(line.text) && this.dateIn(line) === null);
    return lines.map((line, index) => {
      if (!short[index]) return line.kind;
      const start = short.lastIndexOf(false, index) + 1;
      const end = short.indexOf(false, index);
      return end >= 0 && end - start <= MAX_HEADINGS_IN_A_ROW ? 'h2' : line.kind;
    });
  }

  private summary(title: string): PageField<string> | null {
    const { summary } = this.metadata;
    if (summary === null || key(summary) === '' || key(summary) === key(title)) return null;
    const cut = /(?:…|\.\.\.)$/u.test(summary);
    return {
      value: summary,
      confidence: cut ? 'guess' : 'likely',
      why: cut ? "the page's description, cut off" : "the page's description",
    };
  }
}

const HEADINGS: ReadonlySet<PageLine['kind']> = new Set(['h1', 'h2', 'h3', 'h4']);

const CHROME_REASONS = {
  advertisement: 'marks an advertisement',
  share: 'share or print line',
  tools: 'reading tool of the site',
  navigation: 'navigation of the site',
};

const DATE_WARNINGS: Readonly<Record<ParsedDateline['warnings'][number], string>> = {
  weekday_mismatch: 'The weekday of the dateline does not fit its date; the date was taken.',
  ambiguous_hour: 'The time of the dateline happened twice that night (end of summer time); the first was taken.',
  hour_in_gap: 'The time of the dateline was skipped that night (start of summer time); it was moved forward.',
};

function titleField(line: PageLine, declared: boolean, authors: PageField<string>[]): PageField<string> {
  if (declared) return { value: line.text, confidence: 'certain', why: 'stands above the date and in the metadata' };
  if (authors.some((author) => author.confidence === 'certain'))
    return { value: line.text, confidence: 'certain', why: 'stands between the author and the date' };
  if (line.kind === 'h1') return { value: line.text, confidence: 'likely', why: 'the main heading above the date' };
  return { value: line.text, confidence: 'likely', why: 'the last line above the date' };
}

/** Whether the line says that it names the author, and is short enough to do only that. */
function isByline(line: string): boolean {
  return bylineName(line) !== null && wordCount(line) <= MAX_AUTHOR_WORDS + 2;
}

/** Those of the given people whom a line names, where it says nothing else; "و", "and" or "et" may join them. */
function peopleNamed(line: string, people: string[]): string[] {
  let rest = personKey(line);
  const found = people
    .toSorted((one, other) => other.length - one.length)
    .filter((person) => {
      const name = personKey(person);
      if (name === '' || !rest.includes(name)) return false;
      rest = rest.replace(name, ' ');
      return true;
    });
  return /^(?: |و|and|et)*$/.test(rest) ? found : [];
}

function personKey(line: string): string {
  // Without spaces, since "و" before a name such as عبد الله parts what the key joins.
  return matchKey(splitHonorific(bylineName(line) ?? line).name).replaceAll(' ', '');
}

/** An author whom the metadata names, with the name as printed where a line prints it alone. */
function declaredAuthor(name: string, declared: string[], printed: PageLine[]): PageField<string> {
  if (!printed.some((line) => peopleNamed(line.text, declared).includes(name))) {
    return { value: name, confidence: 'likely', why: 'named in the metadata only' };
  }
  const own = printed.find((line) => personKey(line.text) === personKey(name))?.text ?? name;
  return { value: bylineName(own) ?? own, confidence: 'certain', why: 'printed by the title and named in the metadata' };
}

/** Where the run of equal lines at the end begins; the length when the last line stands alone. */
function runStart(lines: PageLine[]): number {
  const last = key(lines.at(-1)?.text ?? '');
  return lines.findLastIndex((line) => key(line.text) !== last) + 1;
}

function repeatedTail(lines: PageLine[]): number {
  const start = runStart(lines);
  return lines.length - start >= 2 && start > 0 ? start : lines.length;
}

/** Where the text of the article begins among the lines below its date; the number of lines when it does nowhere. */
function firstText(lines: PageLine[]): number {
  const at = lines.findIndex((line) => chromeKind(line.text) === null && isParagraph(line.text));
  return at >= 0 ? at : lines.length;
}

/** Whether a word of the site's apparatus heads a paragraph. A question below it does not tell: polls stand below share lines. */
function isChromeHeading(line: PageLine, next: PageLine | undefined): boolean {
  if (next === undefined || (line.kind !== 'p' && !HEADINGS.has(line.kind)) || !isChromeWord(line.text)) return false;
  return letterCount(next.text) > MAX_HEADING_LETTERS && FINAL_STOP.test(next.text) && !QUESTION.test(next.text);
}

function isParagraph(line: string): boolean {
  return FINAL_STOP.test(line) || letterCount(line) > MAX_HEADING_LETTERS;
}

function isShort(line: string): boolean {
  if (FINAL_PUNCTUATION.test(line) || BULLET.test(line)) return false;
  const count = letterCount(line);
  return count > 0 && count <= MAX_HEADING_LETTERS && wordCount(line) <= MAX_HEADING_WORDS;
}

function letterCount(line: string): number {
  return line.match(/\p{L}/gu)?.length ?? 0;
}

function wordCount(line: string): number {
  return line.split(' ').length;
}

const printer = unified().use(rehypeStringify);

function bodyHtml(lines: PageLine[], kinds: PageLine['kind'][]): string {
  const blocks: Element[] = [];
  for (const [index, line] of lines.entries()) {
    const kind = kinds[index] ?? 'p';
    if (kind !== 'ul' && kind !== 'ol' && kind !== 'blockquote') {
      blocks.push(element(kind, line.content));
      continue;
    }
    const item = element(kind === 'blockquote' ? 'p' : 'li', line.content);
    const previous = blocks.at(-1);
    if (previous?.tagName === kind) previous.children.push(item);
    else blocks.push(element(kind, [item]));
  }
  const root: Root = { type: 'root', children: blocks };
  return printer.stringify(root);
}

function element(tagName: string, children: ElementContent[]): Element {
  return { type: 'element', tagName, properties: {}, children };
}

/** A sentence ends at . ! ? ؟ … before white space, but not at the point of an initial or a title such as "د." */
const SENTENCE = /.+?(?:(?<!(?:^|[\s(«])\p{L})\.|[!?؟…])+["»”’)\]]*(?=\s|$)|.+$/gsu;

/**
 * The first sentences of a paragraph, as many as fit in 300 characters (code points). A first sentence that is longer by itself is
 * cut at a word border and ends in "…".
 */
export function deriveSummary(firstParagraph: string): string {
  const paragraph = cleanLine(firstParagraph);
  let summary = '';
  for (const [sentence] of paragraph.matchAll(SENTENCE)) {
    if (length(summary + sentence) > MAX_SUMMARY) break;
    summary += sentence;
  }
  if (summary !== '' || paragraph === '') return summary.trim();
  const start = [...paragraph].slice(0, MAX_SUMMARY).join('');
  const border = start.lastIndexOf(' ');
  // The last of the 300 characters makes room for the ellipsis.
  const cut = border > 0 ? start.slice(0, border) : [...start].slice(0, MAX_SUMMARY - 1).join('');
  return `${cut.replace(/[\s،؛,;:]+$/u, '')}…`;
}

function length(text: string): number {
  return [...text].length;
}
