import fc from 'fast-check';
import type { Token } from '../text/analyser.js';
import { snippet } from './highlight.js';

const asks =
  (...stems: string[]) =>
  ({ stem }: Token): boolean =>
    stems.includes(stem);
const nothing = (): boolean => false;

/** What a reader sees of the HTML. */
const seen = (html: string): string =>
  html
    .replace(/<\/?mark>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
const bare = (html: string): string => seen(html).replace(/^… /u, '').replace(/ …$/u, '');
const FILLER = 'يصف النص التالي أحوال الطقس في المدن الساحلية خلال الشتاء الماضي ';

describe('a short text', () => {
  it.each([
    ['one word', 'وصلت الحافلات إلى الميناء', ['حافل'], 'وصلت <mark>الحافلات</mark> إلى الميناء'],
    ['neighbours together', 'قرض البنك الدولي الجديد', ['بنك', 'دول'], 'قرض <mark>البنك الدولي</mark> الجديد'],
    ['neighbours of two sentences apart', 'زار البنك. الدولي غائب', ['بنك', 'دول'], 'زار <mark>البنك</mark>. <mark>الدولي</mark> غائب'],
    ['a hyphen', 'كوفيد-19 يعود', ['كوفيد', '19'], '<mark>كوفيد-19</mark> يعود'],
    [
      'marks and tatweel',
      'في المَدْرَسَةِ والجـــامعة',
      ['مدرس', 'جامع'],
      'في <mark>المَدْرَسَةِ</mark> والجـــامعة'.replace('والجـــامعة', '<mark>والجـــامعة</mark>').replace('</mark> <mark>', ' '),
    ],
    ['a ligature once', 'محمد ﷺ', ['صل', 'صلي', 'الله'], 'محمد <mark>ﷺ</mark>'],
    [
      'hostile HTML',
      '<script>alert("x")</script> & <b>مصر</b>',
      ['مصر', 'alert'],
      '&lt;script&gt;<mark>alert</mark>(&quot;x&quot;)&lt;/script&gt; &amp; &lt;b&gt;<mark>مصر</mark>&lt;/b&gt;',
    ],
    ['an attribute', `"onmouseover='x`, ['x'], '&quot;onmouseover=&#39;<mark>x</mark>'],
    ['nothing', 'لا شيء', ['مصر'], 'لا شيء'],
    ['an empty title', '', ['مصر'], ''],
  ])('holds %s', (_, text, stems, html) => {
    expect(snippet(text, asks(...stems), 'ar')).toBe(html);
  });
});

describe('a snippet', () => {
  it('is all of a short text', () => {
    expect(snippet(' وصلت الحافلات.\n', asks('حافل'), 'ar')).toBe('وصلت <mark>الحافلات</mark>.');
  });

  it('begins a few words before the first match and ends with a whole word', () => {
    const text = FILLER.repeat(10) + 'ثم وصلت الحافلات الجديدة ' + FILLER.repeat(10);
    const html = snippet(text, asks('حافل'), 'ar');
    expect(html).toMatch(/^… (?:\S+ ){2,9}<mark>الحافلات<\/mark> .* …$/u);
    expect(bare(html).length).toBeGreaterThanOrEqual(160);
    expect(bare(html).length).toBeLessThanOrEqual(200);
    expect(text.split(' ')).toEqual(expect.arrayContaining(bare(html).split(' ')));
  });

  it('is the beginning of a text without a match', () => {
    const html = snippet(FILLER.repeat(10), nothing, 'ar');
    expect(html.startsWith('يصف النص التالي')).toBe(true);
    expect(html.endsWith(' …')).toBe(true);
  });

  it('begins with a match at the start, and ends with one at the end', () => {
    expect(snippet(`الحافلات ${FILLER.repeat(9)}`, asks('حافل'), 'ar')).toMatch(/^<mark>الحافلات<\/mark> .* …$/u);
    const last = snippet(`${FILLER.repeat(9)}الحافلات`, asks('حافل'), 'ar');
    expect(last).toMatch(/^… .* <mark>الحافلات<\/mark>$/u);
    expect(bare(last).length).toBeGreaterThanOrEqual(160);
  });

  it('is taken where more of the words stand together, if that is soon', () => {
    const scattered = `الحافلات ${FILLER.repeat(5)}`;
    const together = 'خطوط الحافلات في المدينة الجديدة ';
    expect(snippet(scattered + together + FILLER.repeat(5), asks('حافل', 'خطوط'), 'ar')).toContain('<mark>خطوط الحافلات</mark>');
    expect(snippet(scattered + FILLER.repeat(40) + together, asks('حافل', 'خطوط'), 'ar')).toMatch(/^<mark>الحافلات<\/mark>/u);
  });

  it('reads no further than it needs', () => {
    let read = 0;
    snippet(`الحافلات ${FILLER.repeat(1_000)}`, (token) => ((read += 1), token.stem === 'حافل'), 'ar');
    expect(read).toBeLessThan(300);
  });

  it('cuts a word that is longer than it, between graphemes', () => {
    const family = '👨‍👩‍👧';
    expect(bare(snippet(family.repeat(100), nothing, 'ar'))).toBe(family.repeat(25));
    expect(bare(snippet('👨\u200D'.repeat(200), nothing, 'ar'))).not.toMatch(/\p{Surrogate}/u);
    expect(bare(snippet('بَّ'.repeat(200), () => true, 'ar')).length % 3).toBe(0);
    expect(snippet(`${'x'.repeat(500)}`, () => true, 'en')).toBe(`<mark>${'x'.repeat(200)}</mark> …`);
  });

  it('is escaped where it is cut and where it is marked', () => {
    const html = snippet(`${'<b>&amp; '.repeat(60)}<img src=x onerror=مصر>${' </mark><script>'.repeat(60)}`, asks('مصر'), 'ar');
    expect(html).toContain('onerror=<mark>مصر</mark>&gt;');
    expect(html.replace(/<\/?mark>/g, '')).not.toMatch(/[<>"']/);
  });

  it('leaves characters of direction as they are', () => {
    expect(snippet('\u202Eمصر\u202C \u2066abc\u2069', asks('مصر', 'abc'), 'ar')).toBe(
      '\u202E<mark>مصر</mark>\u202C \u2066<mark>abc</mark>\u2069',
    );
  });

  it('is a part of the text, whole in its graphemes and not too long, whatever the text', () => {
    const piece = fc.constantFrom(
      'مصر',
      ' ',
      '\n',
      '<b>',
      '&',
      '"',
      "'",
      'Straße',
      '😀',
      '👨‍👩‍👧',
      'بَّ',
      '\u202E',
      'x'.repeat(90),
      '2024',
      '-',
      '،',
      '\u200F',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 150 }),
        fc.constantFrom('ar', 'en', 'fr'),
        fc.integer({ min: 1, max: 9 }),
        (parts, lang, every) => {
          const text = parts.join('');
          let seenTokens = 0;
          const html = snippet(text, () => (seenTokens += 1) % every === 0, lang);
          expect(text).toContain(bare(html));
          expect(bare(html).length).toBeLessThanOrEqual(200);
          if (text.trim().length > 200) expect(bare(html).length).toBeGreaterThan(100);
          expect(bare(html)).not.toMatch(/\p{Surrogate}/u);
          expect(html.replace(/<\/?mark>/g, '')).not.toMatch(/[<>"']/);
          expect(html.replace(/<mark>[^<]+<\/mark>/g, '')).not.toContain('<');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
