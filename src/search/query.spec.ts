import { demands, hasRow, lexemes, parseQuery, parseUnfinished, reworded, tsquery, type Knowledge } from './query.js';

const read = (typed: string): { wanted: string[]; unwanted: string[]; reason: string | null } => {
  const { wanted, unwanted, reason } = parseQuery(typed);
  const written = (terms: typeof wanted): string[] => terms.map(({ tokens, phrase }) => tokens.map(({ word }) => word).join(phrase ? '_' : ' '));
  return { wanted: written(wanted), unwanted: written(unwanted), reason };
};

describe('what was typed is read', () => {
  it.each<[typed: string, wanted: string[], unwanted: string[]]>([
    ['حارس المنارة', ['حارس', 'المناره'], []],
    ['"حارس المنارة" قديم', ['حارس_المناره', 'قديم'], []],
    ['“حارس المنارة” «باب البحر»', ['حارس_المناره', 'باب_البحر'], []],
    ['«قال “حارس المنارة” ومضى»', ['قال_حارس_المناره_ومضي'], []],
    ['„Haus am See“', ['haus_am_see'], []],
    ['"من على"', ['من_علي'], []],
    ['"كلمة"', ['كلمه'], []],
    ['"حارس المنارة', ['حارس', 'المناره'], []],
    ['حارس" المنارة', ['حارس', 'المناره'], []],
    ['منارة -حارس', ['مناره'], ['حارس']],
    ['منارة −حارس –باب —بحر ‐نهر', ['مناره'], ['حارس', 'باب', 'بحر', 'نهر']],
    ['منارة -"باب البحر" -«دار ابن»', ['مناره'], ['باب_البحر', 'دار_ابن']],
    ['منارة - حارس', ['مناره', 'حارس'], []],
    ['منارة-حارس كوفيد-19', ['مناره', 'حارس', 'كوفيد', '19'], []],
    ['منارة --حارس', ['مناره'], ['حارس']],
    ['\u200F-حارس \u200Fمنارة -\u200Fباب', ['مناره'], ['حارس', 'باب']],
    ['(منارة -حارس)', ['مناره'], ['حارس']],
    ['ما هي أسباب الحرب على المدن', ['اسباب', 'الحرب', 'المدن'], []],
    // The name, and the preposition.
    ['علي بابا', ['علي', 'بابا'], []],
    ['على بابا', ['بابا'], []],
    ['WHO report', ['who', 'report'], []],
    ['who reports', ['reports'], []],
    ['عبد\u0640الله', ['عبدالله'], []],
    ['a\u0000b\u0001c', ['b', 'c'], []],
  ])('%s', (typed, wanted, unwanted) => {
    expect(read(typed)).toEqual({ wanted, unwanted, reason: null });
  });

  it.each([
    ['', 'empty'],
    [' \u200F ', 'empty'],
    ['؟! «»', 'only_marks'],
    ['من في', 'only_stop_words'],
    ['من -حارس', 'only_negation'],
  ])('«%s» asks for nothing: %s', (typed, reason) => {
    expect(read(typed).reason).toBe(reason);
  });

  it('reads 200 characters, without the word that the end would halve, and 12 terms', () => {
    const { text } = parseQuery(`${'حارس '.repeat(39)}مناراتنا والبحر`);
    expect(text.endsWith('حارس')).toBe(true);
    expect([...parseQuery('😀'.repeat(300)).text]).toHaveLength(200);
    expect(parseQuery(Array.from({ length: 30 }, (_, n) => `حارس${n}`).join(' ')).wanted).toHaveLength(12);
  });

  it('puts corrected words where the others stood', () => {
    const { text, wanted } = parseQuery('«باب البحر» زلوال -حارس');
    expect(reworded(text, [{ token: wanted[1]!.tokens[0]!, word: 'زلزال' }])).toBe('«باب البحر» زلزال -حارس');
  });

  it('knows what is still being typed', () => {
    expect(parseUnfinished('حارس المن').last?.word).toBe('المن');
    expect(parseUnfinished('حارس المنارة ').last).toBeNull();
    expect(parseUnfinished('حارس ال')).toMatchObject({ last: null, parsed: { wanted: [{ tokens: [{ word: 'حارس' }] }] } });
  });
});

describe('what is demanded of texts', () => {
  const knowledge: Knowledge = {
    vocabulary: new Set(['وحارس', 'كويت']),
    latin: new Map([['guards', ['guard', 'guard']]]),
    lexicon: new Map([
      ['بكين', [['بيج'], ['عاصم', 'صين']]],
      ['عاصم صين', [['بكين']]],
    ]),
    proclitic: new Map([['وكويت', 'كويت']]),
  };
  const asked = (typed: string, reach = { skeleton: false, corrected: new Map() }): string[] =>
    demands(parseQuery(typed).wanted, knowledge, reach).map(({ wish }) => tsquery(wish, true));

  it('is each word as texts have it', () => {
    expect(asked('حارس')).toEqual([`('حارس' | 'وحارس')`]);
    expect(asked('guards')).toEqual([`('guards' | 'guard')`]);
    expect(asked('وكويت')).toEqual([`('وكويت' | 'كويت')`]);
  });

  it('or what the lexicon knows for it, also of several words', () => {
    expect(asked('بكين')).toEqual([`('بكين' | 'بيج' | ('عاصم' <-> 'صين'))`]);
    expect(asked('حارس عاصمة الصين')).toEqual([`('حارس' | 'وحارس')`, `(('عاصم' & 'صين') | 'بكين')`]);
    // In quotes the words themselves.
    expect(asked('"عاصمة الصين"')).toEqual([`('عاصم' <-> 'صين')`]);
  });

  it('or a word written to the one before it', () => {
    expect(asked('عبد اللطيف')[0]).toContain(`'عبداللطيف'`);
    expect(asked('عبداللطيف')[0]).toContain(`('عبد' <-> 'لطيف')`);
  });

  it('or what has the same consonants, or was meant', () => {
    expect(asked('حارس', { skeleton: true, corrected: new Map() })[0]).toContain(`'~`);
    expect(asked('حرس', { skeleton: false, corrected: new Map([['حرس', ['حارس']]]) })).toEqual([`('حرس' | 'حارس' | 'وحارس')`]);
  });

  it('says of rows only that their words are there, where positions are not looked at', () => {
    const [demand] = demands(parseQuery(`"it's a 'quoted' \\ phrase"`).wanted, knowledge, { skeleton: false, corrected: new Map() });
    const { wish } = demand!;
    expect(hasRow(wish)).toBe(true);
    expect(tsquery(wish, false)).toBe(`('it' & 's' & 'a' & 'quoted' & 'phrase')`);
    expect(lexemes(wish)).toEqual(['it', 's', 'a', 'quoted', 'phrase']);
  });
});
