import { mixedSpellings, type SpellingGroup } from './spelling.js';

const group = (id: number, ...forms: string[]): SpellingGroup => ({ id, forms, preferred: forms[0]! });
const DEMOCRACY = group(1, 'ديمقراطية', 'ديموقراطية');
const BEIJING = group(2, 'بكين', 'بيجين', 'بيكين');
const NEW_YORK = group(3, 'نيويورك', 'نيو يورك');

/** @returns of each group told of, its forms with what of the text they cover */
function told(text: string, ...groups: SpellingGroup[]): Record<number, Record<string, string[]>> {
  const { items } = mixedSpellings({ title: null, kicker: null, summary: null, body: text }, groups);
  return Object.fromEntries(
    items.map(({ groupId, forms }) => [
      groupId,
      Object.fromEntries(forms.map(({ form, places }) => [form, places.map(({ start, end }) => text.slice(start, end))])),
    ]),
  );
}

it.each<[string, string, SpellingGroup, Record<string, string[]>]>([
  ['two forms', 'ديمقراطية وديموقراطية', DEMOCRACY, { ديمقراطية: ['ديمقراطية'], ديموقراطية: ['وديموقراطية'] }],
  ['endings and what stands before a word', 'بالديموقراطيات، والديموقراطيين، للديموقراطي', DEMOCRACY, { ديموقراطية: ['بالديموقراطيات', 'والديموقراطيين', 'للديموقراطي'] }],
  ['tashkeel and tatweel', 'دِيمُوقراطيّة ديمـــوقراطية', DEMOCRACY, { ديموقراطية: ['دِيمُوقراطيّة', 'ديمـــوقراطية'] }],
  ['a letter that is a word before one that begins with it', 'من بكين إلى ببيجين وبيكين', BEIJING, { بكين: ['بكين'], بيجين: ['ببيجين'], بيكين: ['وبيكين'] }],
  ['two words for one', 'في نيو يورك، وبنيو يورك ونيويورك', NEW_YORK, { نيويورك: ['ونيويورك'], 'نيو يورك': ['نيو يورك', 'وبنيو يورك'] }],
  ['forms that differ in a hamza alone', 'إسطنبول واسطنبول', group(4, 'إسطنبول', 'اسطنبول'), { إسطنبول: ['إسطنبول'], اسطنبول: ['واسطنبول'] }],
  ['Latin words', 'Kyiv, kiev', group(5, 'Kyiv', 'Kiev'), { Kyiv: ['Kyiv'], Kiev: ['kiev'] }],
])('tells of %s', (_, text, one, forms) => {
  expect(told(text, one)).toEqual({ [one.id]: forms });
}); // prettier-ignore

it.each<[string, string, SpellingGroup]>([
  ['the preferred form alone', 'ديمقراطية، الديمقراطيون', DEMOCRACY],
  ['other words of the same stem', 'قال البيك هيا بنا', BEIJING],
  ['a word without the ending that makes it the form', 'هيا بنا', group(6, 'هيئة', 'هيأة')],
  ['a part of a longer word', 'نيويوركر', NEW_YORK],
  ['words that another stands between', 'نيو هي يورك', NEW_YORK],
  ['one form of several when none is preferred', 'ديموقراطية', { ...DEMOCRACY, preferred: null }],
  ['nothing in nothing', '', DEMOCRACY],
  ['a form without words', '…', group(7, '…', '،')],
])('does not tell of %s', (_, text, one) => {
  expect(told(text, one)).toEqual({});
});

it('tells the places in reading order, by the part they stand in, in UTF-16 units, with what stands around them', () => {
  const long = 'كلمة '.repeat(20);
  const parts = { kicker: 'عن الديموقراطية', title: '𝒜 ديموقراطية', summary: null, body: `${long}ديمقراطية\n\n${long}` };
  const around = 'كلمة '.repeat(7).trim();
  expect(mixedSpellings(parts, [DEMOCRACY])).toEqual({
    items: [
      {
        groupId: 1,
        preferred: 'ديمقراطية',
        forms: [
          {
            form: 'ديمقراطية',
            count: 1,
            places: [{ field: 'body', start: 100, end: 109, context: `${around} ديمقراطية ${around}` }],
          },
          {
            form: 'ديموقراطية',
            count: 2,
            places: [
              { field: 'kicker', start: 3, end: 15, context: 'عن الديموقراطية' },
              { field: 'title', start: 3, end: 13, context: '𝒜 ديموقراطية' },
            ],
          },
        ],
      },
    ],
    more: false,
  });
});

it('counts all, and tells the first 20 places and the first 100 groups', () => {
  const [item] = mixedSpellings({ title: null, kicker: null, summary: null, body: 'ديموقراطية '.repeat(30) }, [DEMOCRACY]).items;
  expect(item!.forms.map(({ count, places }) => [count, places.length, places.at(-1)!.start])).toEqual([[30, 20, 19 * 11]]);
  const many = Array.from({ length: 101 }, (_, id) => group(id, 'ديمقراطية', 'ديموقراطية'));
  const { items, more } = mixedSpellings({ title: 'ديموقراطية', kicker: null, summary: null, body: '' }, many);
  expect([items.length, items.at(-1)!.groupId, more]).toEqual([100, 99, true]);
});

it('looks through a long text with a full lexicon in a moment', () => {
  const groups = Array.from({ length: 5_000 }, (_, n) => group(n, `كلمة${'ابتثجح'[n % 6]!}${n}`, `كلمه طويلة ${n}`));
  const body = 'كلمة طويلة عن المدن والأنهار '.repeat(2_000);
  // Whatever the machine is doing: with a look at every group at every word it took 15 s.
  const begun = performance.now();
  mixedSpellings({ title: null, kicker: null, summary: null, body }, [...groups, DEMOCRACY]);

  expect(performance.now() - begun).toBeLessThan(5_000);
});
