import { methodNote } from './method-note.js';
import type { PollResults } from './poll.dto.js';
import { resultsChart } from './results-chart.js';

const LONG = 'توسيع شبكة الحافلات في الأحياء البعيدة عن وسط المدينة مع ربطها بمحطات القطار وتخفيض أجرة التنقل للطلاب والعمال وكبار السن في الصباح والمساء وفي أيام العطل الرسمية أيضًا'; // prettier-ignore

function results(change: Partial<PollResults> = {}): PollResults {
  return {
    id: 7,
    lang: 'ar',
    dir: 'rtl',
    question: 'هل تكفي خطوط الحافلات؟',
    totalBallots: 1_200,
    underReview: 3,
    removed: 4,
    removals: [{ ballots: 4, reason: 'Votes of a script.', lang: 'en', dir: 'ltr', at: '2026-05-02T10:00:00.000Z' }],
    options: [
      { id: 1, label: 'نعم', lang: 'ar', dir: 'rtl', ballots: 900, share: 0.75 },
      { id: 2, label: 'Not at all', lang: 'en', dir: 'ltr', ballots: 300, share: 0.25 },
    ],
    method: methodNote(1, 1, 'ar'),
    methodLang: 'ar',
    methodDir: 'rtl',
    level: 1,
    opensAt: '2026-05-01T10:00:00.000Z',
    closesAt: null,
    state: 'open',
    countedAt: '2026-05-03T10:00:00.000Z',
    ...change,
  };
}

const ENGLISH: Partial<PollResults> = {
  lang: 'en',
  dir: 'ltr',
  question: 'Enough buses?',
  method: methodNote(1, 1, 'en'),
  methodLang: 'en',
  methodDir: 'ltr',
};

interface Line {
  readonly x: number;
  readonly y: number;
  readonly anchor: string;
  readonly dir: string;
  readonly lang: string;
  readonly text: string;
}

function linesOf(svg: string): Line[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => {
    const of = (name: string): string => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)![1]!;
    return { x: Number(of('x')), y: Number(of('y')), anchor: of('text-anchor'), dir: of('direction'), lang: of('lang'), text };
  });
}

function barsOf(svg: string): { x: number; width: number }[] {
  return [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*fill="#0b5c56"/g)].map(([, x, width]) => ({
    x: Number(x),
    width: Number(width),
  }));
}

it('runs from right to left in Arabic: labels at the right, bars from there, numbers at the left', () => {
  const svg = resultsChart(results(), 'ar', 'Africa/Cairo');
  expect(barsOf(svg)).toEqual([
    { x: 172, width: 444 },
    { x: 468, width: 148 },
  ]);
  const lines = linesOf(svg);
  expect(lines.find(({ text }) => text === 'نعم')).toMatchObject({ x: 616, anchor: 'start', dir: 'rtl', lang: 'ar' });
  // A text of another direction stands at the same side, and reads as it is written.
  expect(lines.find(({ text }) => text === 'Not at all')).toMatchObject({ x: 616, anchor: 'end', dir: 'ltr', lang: 'en' });
  expect(lines.find(({ text }) => text === '75% (900)')).toMatchObject({ x: 24, anchor: 'end', dir: 'rtl' });
  expect(lines.map(({ text }) => text)).toContain('الأصوات المحتسبة: 1,200');
});

it('runs from left to right in English and French', () => {
  const svg = resultsChart(results(ENGLISH), 'en', 'Africa/Cairo');
  expect(barsOf(svg)).toEqual([
    { x: 24, width: 444 },
    { x: 24, width: 148 },
  ]);
  const lines = linesOf(svg);
  expect(lines.find(({ text }) => text === 'Not at all')).toMatchObject({ x: 24, anchor: 'start', dir: 'ltr' });
  expect(lines.find(({ text }) => text === 'نعم')).toMatchObject({ x: 24, anchor: 'end', dir: 'rtl' });
  expect(lines.find(({ text }) => text === '75% (900)')).toMatchObject({ x: 616, anchor: 'end' });
  const french = resultsChart(results({ ...ENGLISH, lang: 'fr', methodLang: 'fr', method: methodNote(1, 1, 'fr') }), 'fr', 'Africa/Cairo');
  expect(linesOf(french).map(({ text }) => text)).toEqual(expect.arrayContaining(['75\u00A0% (900)', 'Votes comptés\u00A0: 1\u202F200']));
});

it('has a text alternative that says everything, in reading order', () => {
  const svg = resultsChart(results(ENGLISH), 'en', 'Africa/Cairo');
  expect(svg).toMatch(/^<svg [^>]*role="img" lang="en" direction="ltr" [^>]*aria-labelledby="poll-7-title poll-7-desc">/);
  expect(svg).toContain('<title id="poll-7-title" lang="en">Enough buses?</title>');
  const description = /<desc id="poll-7-desc">([^<]*)<\/desc>/.exec(svg)![1]!;
  expect(description.replaceAll(/[\u2068\u2069]/g, '').split('\n')).toEqual([
    'نعم: 75% (900)',
    'Not at all: 25% (300)',
    'Counted votes: 1,200',
    'Under review: 3',
    'Removed votes: 4',
    'Removed because (4):',
    'Votes of a script.',
    'Check level: 1 (standard) · State: open',
    'Opened: Friday 1 May 2026 - 01:00 PM',
    'Counted: Sunday 3 May 2026 - 01:00 PM',
    methodNote(1, 1, 'en'),
  ]);
  // What people wrote cannot turn what stands beside it.
  expect(description).toContain('\u2068نعم\u2069: \u206875% (900)\u2069');
});

it('breaks a long label into lines, cuts a very long one, and tells it whole', () => {
  const options = [LONG, `${LONG} ${LONG}`, 'W'.repeat(300), `a${'\u0301'.repeat(20)}`].map((label, index) => ({ id: index, label, lang: 'ar' as const, dir: 'rtl' as const, ballots: 0, share: 0 })); // prettier-ignore
  const svg = resultsChart(results({ options }), 'ar', 'Africa/Cairo');
  const texts = linesOf(svg).map(({ text }) => text);
  const from = texts.findIndex((text) => text.startsWith('توسيع'));
  expect(texts.slice(from, texts.indexOf('0% (0)', from)).join(' ')).toBe(LONG);
  expect(texts.filter((text) => text.endsWith('…'))).toHaveLength(2);
  for (const { label } of options) expect(svg).toContain(`\u2068${label}\u2069`);
  // Lines never stand on each other.
  const right = linesOf(svg).filter(({ x }) => x === 616);
  expect(right.map(({ y }) => y)).toEqual(right.map(({ y }) => y).toSorted((a, b) => a - b));
});

it('is one escaped document that loads and runs nothing', () => {
  const label = `</text><script>alert(1)</script><image href="https://evil.example/x.png"/> & "quotes" ' ]]>`;
  const svg = resultsChart(
    results({ question: label, options: [{ id: 1, label, lang: 'en', dir: 'ltr', ballots: 1, share: 1 }] }),
    'ar',
    'UTC',
  );
  expect(new Set([...svg.matchAll(/<([a-z]+)/g)].map(([, name]) => name))).toEqual(new Set(['svg', 'title', 'desc', 'rect', 'text']));
  expect(svg.match(/\b(?:on\w+|style|href|class)=/g)?.filter((attribute) => attribute !== 'href=') ?? []).toEqual([]);
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script>');
});

it('has bars of nothing where nobody has voted', () => {
  const options = [1, 2].map((id) => ({ id, label: String(id), lang: 'ar' as const, dir: 'rtl' as const, ballots: 0, share: 0 }));
  const svg = resultsChart(results({ totalBallots: 0, underReview: 0, removed: 0, removals: [], options }), 'ar', 'Africa/Cairo');
  expect(barsOf(svg)).toEqual([
    { x: 616, width: 0 },
    { x: 616, width: 0 },
  ]);
  expect(svg).not.toMatch(/NaN|undefined|قيد المراجعة|أُزيلت/);
});
