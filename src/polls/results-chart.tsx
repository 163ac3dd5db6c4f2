import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { formatDateline } from '../text/dateline.js';
import { dirOf, type Dir, type Lang } from '../text/language.js';
import { LEVEL_NAMES } from './method-note.js';
import type { PollResults } from './poll.dto.js';
import { RESULT_WORDS } from './results-words.js';

// In units of the picture, which scales to whatever width it is given.
const WIDTH = 640;
const MARGIN = 24;
const INNER = WIDTH - 2 * MARGIN;
const BAR = 14;
/** Kept free beside an option's label for its numbers. */
const NUMBERS = 160;
const FONT = 'Segoe UI, Tahoma, Noto Sans Arabic, Noto Sans, Arial, sans-serif';
/** In the digits of the house's datelines, in Arabic too. */
const NUMBERS_OF = { ar: 'en', en: 'en', fr: 'fr' } as const;
const INK = '#1c2733';
const QUIET = '#53606d';

interface Style {
  readonly size: number;
  readonly weight?: 600 | 700;
  readonly fill: string;
  /** Lines shown; a longer text ends in … and stands whole in the description. */
  readonly lines: number;
  /** Of the line, in units. */
  readonly width: number;
}

const QUESTION: Style = { size: 20, weight: 700, fill: INK, lines: 4, width: INNER };
const LABEL: Style = { size: 15, fill: INK, lines: 4, width: INNER - NUMBERS };
const FIGURE: Style = { size: 15, weight: 600, fill: INK, lines: 1, width: NUMBERS };
const BASE: Style = { size: 14, weight: 600, fill: INK, lines: 2, width: INNER };
const NOTE: Style = { size: 12.5, fill: QUIET, lines: 8, width: INNER };

interface Text {
  readonly text: string;
  readonly lang: Lang;
  readonly dir: Dir;
}

/**
 * Results as a bar chart: SVG that loads nothing, for pages of other sites too. In Arabic it runs from right to left; a text in another
 * language keeps its own direction. Everything in it, cut short or not, is told in its description.
 * @param lang of its words @param zone of the center, for its times
 */
export function resultsChart(results: PollResults, lang: Lang, zone: string): string {
  return renderToString(<Chart results={results} lang={lang} zone={zone} />);
}

function Chart({ results, lang, zone }: { results: PollResults; lang: Lang; zone: string }): JSX.Element {
  const { id, question, options } = results;
  const dir = dirOf(lang);
  const page = new Sheet(dir);
  page.down(MARGIN);
  page.write({ text: question, lang: results.lang, dir: results.dir }, QUESTION);
  page.down(18);
  for (const { label, ballots, share, ...written } of options) {
    page.beside({ text: figures(share, ballots, lang), lang, dir }, FIGURE);
    page.write({ text: label, ...written }, LABEL);
    page.down(6);
    page.bar(share);
    page.down(16);
  }
  page.down(4);
  const [base, ...rest] = resultNotes(results, lang, zone);
  page.write(base!, BASE);
  page.down(4);
  for (const note of rest) page.write(note, NOTE);
  page.down(8);
  page.write({ text: results.method, lang: results.methodLang, dir: results.methodDir }, NOTE);
  page.down(MARGIN - 6);
  const height = Math.ceil(page.height);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${WIDTH} ${height}`}
      width={WIDTH}
      height={height}
      role="img"
      lang={lang}
      direction={dir}
      font-family={FONT}
      aria-labelledby={`poll-${id}-title poll-${id}-desc`}
    >
      <title id={`poll-${id}-title`} lang={results.lang}>
        {question}
      </title>
      <desc id={`poll-${id}-desc`}>{description(results, lang, zone)}</desc>
      <rect width={WIDTH} height={height} fill="#ffffff" />
      {page.drawn}
    </svg>
  );
}

/** What is drawn, from top to bottom. */
class Sheet {
  readonly drawn: JSX.Element[] = [];
  height = 0;

  /** @param dir of the whole: its lines begin at that side */
  constructor(private readonly dir: Dir) {}

  down(distance: number): void {
    this.height += distance;
  }

  /** Lines from the side where reading begins. */
  write(text: Text, style: Style): void {
    for (const line of lines(text.text, style)) {
      this.height += style.size * 1.55;
      this.line({ ...text, text: line }, style, this.dir === 'rtl' ? 'right' : 'left', this.height - style.size * 0.4);
    }
  }

  /** One line at the far side, level with what is written next. */
  beside(text: Text, style: Style): void {
    this.line(text, style, this.dir === 'rtl' ? 'left' : 'right', this.height + style.size * 1.15);
  }

  /** A bar that grows from the side where reading begins. @param share of the whole width; more than one ballot each may choose, never more than 1 */
  bar(share: number): void {
    const width = INNER * share;
    const x = this.dir === 'rtl' ? MARGIN + INNER - width : MARGIN;
    this.drawn.push(
      <rect x={MARGIN} y={this.height} width={INNER} height={BAR} rx={3} fill="#e4e9ed" />,
      <rect x={rounded(x)} y={this.height} width={rounded(width)} height={BAR} rx={3} fill="#0b5c56" />,
    );
    this.height += BAR;
  }

  private line({ text, lang, dir }: Text, { size, weight, fill }: Style, side: 'left' | 'right', y: number): void {
    // text-anchor counts from where the text's own direction begins.
    const anchor = (side === 'right') === (dir === 'rtl') ? 'start' : 'end';
    this.drawn.push(
      <text
        x={side === 'right' ? WIDTH - MARGIN : MARGIN}
        y={rounded(y)}
        lang={lang}
        direction={dir}
        unicode-bidi="isolate"
        text-anchor={anchor}
        font-size={size}
        font-weight={weight}
        fill={fill}
      >
        {text}
      </text>,
    );
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** `33.3% (1,204)` */
export function figures(share: number, ballots: number, lang: Lang): string {
  const percent = new Intl.NumberFormat(NUMBERS_OF[lang], { style: 'percent', maximumFractionDigits: 1 });
  return `${percent.format(share)} (${number(ballots, lang)})`;
}

function number(ballots: number, lang: Lang): string {
  return ballots.toLocaleString(NUMBERS_OF[lang]);
}

/** Sentences without an end: the base first, then what is not in it, then times. */
export function resultNotes(
  { totalBallots, underReview, removed, removals, level, opensAt, closesAt, state, countedAt }: PollResults,
  lang: Lang,
  zone: string,
): Text[] {
  const words = RESULT_WORDS[lang];
  const inWords = (text: string): Text => ({ text, lang, dir: dirOf(lang) });
  const said = (what: string, value: string): string => `${what}${lang === 'fr' ? '\u00A0' : ''}: ${value}`;
  const time = (at: string): string => isolated(formatDateline(new Date(at), lang, zone));
  return [
    inWords(said(words.total, number(totalBallots, lang))),
    ...(underReview > 0 ? [inWords(said(words.underReview, number(underReview, lang)))] : []),
    ...(removed > 0 ? [inWords(said(words.removed, number(removed, lang)))] : []),
    // The reason on lines of its own: it may be long, in another language, and broken, which an isolate inside a sentence would not survive.
    ...removals.flatMap((removal): Text[] => [
      inWords(`${words.removedBecause} (${number(removal.ballots, lang)}):`),
      { text: removal.reason, lang: removal.lang, dir: removal.dir },
    ]),
    inWords(`${said(words.level, `${level} (${LEVEL_NAMES[level][lang]})`)} · ${said(words.state, words.states[state])}`),
    inWords(said(words.opened, time(opensAt))),
    ...(closesAt === null ? [] : [inWords(said(state === 'open' ? words.closes : words.closed, time(closesAt)))]),
    inWords(said(words.counted, time(countedAt))),
  ];
}

/** Everything the picture shows, in words. */
function description(results: PollResults, lang: Lang, zone: string): string {
  return [
    ...results.options.map(({ label, share, ballots }) => `${isolated(label)}: ${isolated(figures(share, ballots, lang))}`),
    ...resultNotes(results, lang, zone).map(({ text, lang: own }) => (own === lang ? text : isolated(text))),
    results.method,
  ].join('\n');
}

/** A text of another language or direction inside a sentence. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

/** Breaks a text into lines. Without a browser widths are guesses, so they are generous ones. */
function lines(text: string, { size, lines: most, width }: Style): string[] {
  const broken: string[] = [];
  let line = '';
  for (const word of text.split(/[ \t\n]+/).flatMap((whole) => pieces(whole, size, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer, size) > width) {
      broken.push(line);
      line = word;
    } else line = longer;
  }
  broken.push(line);
  if (broken.length <= most) return broken;
  const last = graphemes(broken[most - 1]!);
  while (widthOf(`${last.join('')}…`, size) > width) last.pop();
  return [...broken.slice(0, most - 1), `${last.join('').trimEnd()}…`];
}

/** A word that is longer than a line, cut into what fits. */
function pieces(word: string, size: number, width: number): string[] {
  if (widthOf(word, size) <= width) return [word];
  const cut: string[] = [''];
  for (const grapheme of graphemes(word)) {
    if (widthOf(cut.at(-1)! + grapheme, size) > width) cut.push('');
    cut[cut.length - 1] += grapheme;
  }
  return cut;
}

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return [...SEGMENTER.segment(text)].map(({ segment }) => segment);
}

/** In ems, guessed: capitals and wide scripts take more than small letters, marks nothing. */
function widthOf(text: string, size: number): number {
  let ems = 0;
  for (const character of text) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}]/u.test(character)) ems += 1.05;
    else if (/[mwMW%@]/u.test(character)) ems += 1;
    else if (/\p{Lu}/u.test(character)) ems += 0.75;
    else if (/[\s.,:;'’!|iljtf،؛()[\]]/u.test(character)) ems += 0.36;
    else if (/\p{Script=Arabic}/u.test(character)) ems += 0.52;
    else ems += 0.58;
  }
  return ems * size;
}
