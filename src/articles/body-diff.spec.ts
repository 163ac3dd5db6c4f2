import fc from 'fast-check';
import type { ElementContent, Root } from 'hast';
import rehypeParse from 'rehype-parse';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import { cleanBody } from './body.js';
import { compareBodies, compareLines } from './body-diff.js';
import { Effort, steps, tokens } from './word-diff.js';

const clean = (html: string): string => cleanBody(html, 'ar').html;
const diff = async (before: string, after: string): Promise<string> =>
  (await compareBodies(clean(before), clean(after))).map(({ html }) => html).join('\n');

const parser = unified().use(rehypeParse, { fragment: true });
const printer = unified().use(rehypeStringify);

/** The HTML without what stands in `tag`, as text. */
function textWithout(tag: 'ins' | 'del', html: string): string {
  const keep = (nodes: ElementContent[]): ElementContent[] =>
    nodes
      .filter((node) => !(node.type === 'element' && node.tagName === tag))
      // The other mark says nothing about the text; `del` would be cleaned to `s`.
      .flatMap((node) => {
        if (node.type !== 'element') return [node];
        const children = keep(node.children);
        return node.tagName === 'ins' || node.tagName === 'del' ? children : [{ ...node, children }];
      });
  const root = parser.parse(html) as Root;
  return cleanBody(printer.stringify({ type: 'root', children: keep(root.children.filter((node) => node.type !== 'doctype')) }), 'ar').text;
}

const readable = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

async function expectBothTexts(before: string, after: string): Promise<void> {
  const blocks = await compareBodies(before, after);
  const html = blocks.map((block) => block.html).join('\n');
  expect(readable(textWithout('del', html))).toBe(readable(cleanBody(after, 'ar').text));
  expect(readable(textWithout('ins', html))).toBe(readable(cleanBody(before, 'ar').text));
  // Nested as HTML5 nests: read and written again it is the same.
  expect(printer.stringify(parser.parse(html) as Root)).toBe(printer.stringify(parser.parse(printer.stringify(parser.parse(html) as Root)) as Root)); // prettier-ignore
  expect(html).not.toMatch(/<(ins|del)>\s*<(li|tr|td|th|thead|tbody|caption)\b/);
  expect(html).not.toMatch(/<(?:table|thead|tbody|tr|ul|ol)\b[^>]*>\s*<(?:ins|del)\b/);
  for (const { op, words } of blocks) {
    if (words === null) continue;
    const said = (without: string): string => words.filter((word) => word.op !== without).map(({ text }) => text).join(''); // prettier-ignore
    expect(op).toBe(words.every((word) => word.op === 'equal') ? 'equal' : 'change');
    expect(html).toEqual(expect.anything());
    expect(said('insert').length + said('delete').length).toBeGreaterThan(0);
  }
}

describe('Words', () => {
  it('are runs of letters and of digits, and everything else by itself', () => {
    expect(tokens('قال، في 2023: «كوفيد-19» 👨‍👩‍👧 لـ18!').map(({ lead, word }) => `${lead}${word}`)).toEqual([
      'قال', '،', ' في', ' 2023', ':', ' «', 'كوفيد', '-', '19', '»', ' 👨‍👩‍👧', ' لـ', '18', '!',
    ]); // prettier-ignore
  });

  it('never part what a reader takes for one character, and are the text', () => {
    const segmenter = new Intl.Segmenter('ar', { granularity: 'grapheme' });
    // Letters of Brahmic scripts that lean upon the one after them: Grapheme_Cluster_Break=Prepend, gc=Lo (UAX 29).
    const LEANING = /[\u0D4E\u{111C2}\u{111C3}\u{113D1}\u{1193F}\u{11941}\u{11A3A}\u{11A84}-\u{11A89}\u{11D46}\u{11F02}]/gu;
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('َّ', 'ـ', '\u200D', '\u200C', '👩🏽‍🚒', '🇪🇬', '؀', 'لله', ' ', '\n', 'é', 'ё', 'क्ष', '각', 'ﷲ', '1', '٣'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('').replace(LEANING, '');
        const parts = tokens(text);
        expect(parts.map(({ lead, word }) => lead + word).join('')).toBe(text);
        const borders = new Set([...segmenter.segment(text)].map(({ index }) => index));
        let at = 0;
        for (const { lead, word } of parts) {
          for (const length of [0, lead.length]) expect(borders.has(at + length) || at + length === text.length).toBe(true);
          at += lead.length + word.length;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('that are only spelled otherwise are one changed word', async () => {
    const words = await compareLines(['قالت المسؤولة إنّ الأمـــر مهم.'], ['قالت المسئولة ان الأمر مهمّ جدًا.']);
    expect(words.map(({ op, text, spelling }) => [op, text, spelling])).toEqual([
      ['equal', 'قالت ', false],
      ['delete', 'المسؤولة', true],
      ['insert', 'المسئولة', true],
      ['equal', ' ', false],
      ['delete', 'إنّ', true],
      ['insert', 'ان', true],
      ['equal', ' ', false],
      ['delete', 'الأمـــر', true],
      ['insert', 'الأمر', true],
      ['equal', ' ', false],
      ['delete', 'مهم', true],
      ['insert', 'مهمّ', true],
      ['insert', ' جدًا', false],
      ['equal', '.', false],
    ]);
    expect(await compareLines([], [])).toEqual([]);
    expect(await compareLines([], ['أ'])).toEqual([{ op: 'insert', text: 'أ', spelling: false, markup: false }]);
  });
});

describe('Lines', () => {
  const compared = async (before: string[], after: string[]): Promise<string[]> =>
    (await compareLines(before, after)).map(({ op, text }) => `${{ equal: '=', delete: '-', insert: '+' }[op]}${text}`);

  it('are laid side by side first, then words within those that were changed', async () => {
    const [first, second, third] = ['دليل النقل الحضري في المدن', 'تقرير الطرق السنوي', 'سجل المحطات القديمة'];
    expect(await compared([first, second, third], ['مرجع جديد', first, third.replace('القديمة', 'الحديثة')])).toEqual([
      '+مرجع جديد\n',
      `=${first}`,
      `-\n${second}`,
      '=\nسجل المحطات',
      '- القديمة',
      '+ الحديثة',
    ]);
    expect(await compared([first], [second])).not.toEqual([]);
    expect(await compared([first, second], [third])).toEqual([`-${first}\n${second}`, `+${third}`]);
  });

  it('of more than 12,000 characters come and go whole', async () => {
    const long = 'كلمة '.repeat(2_500);
    expect(await compared([`${long}أولى`], [`${long}ثانية`])).toEqual([`-${long}أولى`, `+${long}ثانية`]);
    expect(await compared(['قبل', `${long}أولى`], ['قبل', `${long}ثانية`])).toEqual(['=قبل', `-\n${long}أولى`, `+\n${long}ثانية`]);
  });

  it('of any kind give back both texts', async () => {
    const line = fc.array(fc.constantFrom('دليل', 'النقل', 'الطرق', '2023', '،', 'مسؤول', 'مسئول'), { minLength: 1, maxLength: 5 }).map((words) => words.join(' ')); // prettier-ignore
    const list = fc.array(line, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(list, list, async (before, after) => {
        const words = await compareLines(before, after);
        const without = (gone: string): string => words.filter(({ op }) => op !== gone).map(({ text }) => text).join(''); // prettier-ignore
        expect([without('insert'), without('delete')]).toEqual([before.join('\n'), after.join('\n')]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('What takes long', () => {
  it('is given up after so many looks, also among words that are all the same', () => {
    const side = (mark: string): string[] => {
      const words = Array.from({ length: 320 }, (_, n) => `${mark}${n}`);
      return [...words, ...Array.from({ length: 9_000 }, () => '.'), ...words];
    };
    const [before, after] = [side('a'), side('b')];
    let looks = 0;
    const same = (from: number, to: number): boolean => {
      looks += 1;
      return before[from] === after[to];
    };
    const effort = new Effort();
    expect(steps([before.length, after.length], same, effort)).toBeNull();
    expect(looks).toBeLessThan(101_000);
    // A hopeless piece leaves something to the others.
    expect(steps([2, 2], (from, to) => from === to + 1, effort)).toEqual([[0, null], [1, 0], [null, 1]]); // prettier-ignore
    for (let round = 0; round < 9; round += 1) steps([before.length, after.length], same, effort);
    expect(looks).toBeLessThan(505_000);
  });

  const WORDS = Array.from({ length: 40 }, (_, n) => `w${n}`);
  const list = (step: number): string => `<ul>${Array.from({ length: 600 }, (_, n) => `<li>${WORDS[(n * step) % 40]} ${WORDS[(n * n * step + n) % 37]}</li>`).join('')}</ul>`; // prettier-ignore
  const stops = (mark: string): string => {
    const words = Array.from({ length: 320 }, (_, n) => `${mark}${n}`).join(' ');
    return `<p>${words} ${'.'.repeat(8_900)} ${words}</p>`;
  };

  it.each([
    ['one list', list(3), list(7)],
    ['one paragraph of full stops', stops('a'), stops('b')],
  ])('lets others have their turn: %s', async (_, before, after) => {
    const [old, now] = [clean(before), clean(after)];
    expect(Math.max(old.length, now.length)).toBeLessThan(12_000);
    const longest: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      // Of this process's own time, so that a busy machine does not count.
      let [last, going, most] = [process.cpuUsage().user, true, 0];
      const tick = (): void => {
        const at = process.cpuUsage().user;
        most = Math.max(most, (at - last) / 1_000);
        last = at;
        if (going) setImmediate(tick);
      };
      setImmediate(tick);
      await compareBodies(old, now);
      await new Promise((resolve) => void setImmediate(resolve));
      going = false;
      longest.push(most);
    }
    // The best of four: collecting garbage and compiling is not what is measured.
    expect(Math.min(...longest)).toBeLessThan(90);
  });
});

describe('Two bodies', () => {
  it('that are equal have nothing marked', async () => {
    const body = '<h2>عنوان</h2><p>نص <b>غليظ</b>.</p><ul><li>أ</li></ul><pre>سطر\n<b>ثان</b>\nثالث</pre><hr>';
    const blocks = await compareBodies(clean(body), clean(body));
    expect(blocks.map(({ op, words }) => [op, words])).toEqual(Array.from({ length: 5 }, () => ['equal', null]));
    expect(blocks.map(({ html }) => html).join('\n')).toBe(clean(body));
  });

  it('are compared by words, their tags kept', async () => {
    expect(
      await diff('<h2>عنوان أول</h2><p>قال الوزير كلمة في القاهرة.</p>', '<h2>عنوان ثان</h2><p>قال الوزير كلمتين في القاهرة.</p>'),
    ).toBe(
      '<h2 id="h-عنوان-ثان">عنوان<del> أول</del><ins> ثان</ins></h2>\n<p>قال الوزير<del> كلمة</del><ins> كلمتين</ins> في القاهرة.</p>',
    );
    expect(await diff('<ul><li>أحمر وأخضر</li><li>أزرق</li></ul>', '<ul><li>أحمر وأصفر</li><li>جديد</li><li>أزرق</li></ul>')).toBe(
      '<ul><li>أحمر<del> وأخضر</del><ins> وأصفر</ins></li><li><ins>جديد</ins></li><li>أزرق</li></ul>',
    );
    const table = (cell: string, more = ''): string =>
      `<table><thead><tr><th>عام</th><th>عدد</th></tr></thead><tbody><tr><td>2022</td><td>${cell}</td></tr>${more}</tbody></table>`;
    expect(await diff(table('10'), table('12', '<tr><td>2023</td><td>14</td></tr>'))).toBe(
      '<table><thead><tr><th>عام</th><th>عدد</th></tr></thead><tbody><tr><td>2022</td><td><del>10</del><ins>12</ins></td></tr>' +
        '<tr><td><ins>2023</ins></td><td><ins>14</ins></td></tr></tbody></table>',
    );
    expect(await diff('<blockquote><p>قول قديم طويل</p></blockquote>', '<blockquote><p>قول جديد طويل</p><p>وبعده.</p></blockquote>')).toBe(
      '<blockquote><p>قول<del> قديم</del><ins> جديد</ins> طويل</p><ins><p>وبعده.</p></ins></blockquote>',
    );
  });

  it('show markup within lines that came or went', async () => {
    expect(await diff('<p>كلمة مهمة هنا</p>', '<p>كلمة <strong>مهمة</strong> هنا</p>')).toBe(
      '<p>كلمة <del>مهمة</del><ins><strong>مهمة</strong></ins> هنا</p>',
    );
    expect(
      await diff('<p>انظر <a href="https://a.example/">المصدر</a> هنا</p>', '<p>انظر <a href="https://b.example/">المصدر</a> هنا</p>'),
    ).toBe('<p>انظر <del><a href="https://a.example/">المصدر</a></del><ins><a href="https://b.example/">المصدر</a></ins> هنا</p>');
    const [block] = await compareBodies(clean('<p>أب ج</p>'), clean('<p>أ<b>ب</b> ج</p>'));
    expect(block!.words!.map(({ op, text, markup }) => [op, text, markup])).toEqual([
      ['delete', 'أب', true],
      ['insert', 'أب', true],
      ['equal', ' ج', false],
    ]);
    expect(await diff('<p>سطر أول<br>سطر ثان</p>', '<p>سطر أول سطر ثان</p>')).toBe('<p>سطر أول<del><br></del><ins> </ins>سطر ثان</p>');
  });

  it('show whole blocks that came, went or moved, with the language and direction they have', async () => {
    const blocks = await compareBodies(
      clean('<p>فقرة أولى طويلة.</p><p dir="ltr" lang="en">Old English words.</p><p>أخيرة.</p>'),
      clean('<p>أخيرة.</p><p>فقرة أولى طويلة.</p><p dir="ltr" lang="en">Something else here.</p>'),
    );
    expect(blocks.map(({ op, html, moved }) => [op, html, moved])).toEqual([
      ['delete', '<del><p>فقرة أولى طويلة.</p></del>', true],
      ['delete', '<del><p dir="ltr" lang="en">Old English words.</p></del>', false],
      ['equal', '<p>أخيرة.</p>', false],
      ['insert', '<ins><p>فقرة أولى طويلة.</p></ins>', true],
      ['insert', '<ins><p dir="ltr" lang="en">Something else here.</p></ins>', false],
    ]);
  });

  it('are not torn apart by a block that moved', async () => {
    const [first, second] = ['<ul><li>خطوط سريعة</li><li>تذاكر</li></ul>', '<p>نمت الشبكة في السنوات الأخيرة كثيرًا.</p>'];
    const blocks = await compareBodies(
      clean(`<p>تُنقل.</p>${first}${second}`),
      clean(`${first.replace('تذاكر', 'تذاكر موحدة')}${second.replace('كثيرًا', 'قليلًا')}<p>تُنقل.</p>`),
    );
    expect(blocks.map(({ op, moved }) => [op, moved])).toEqual([
      ['delete', true],
      ['change', false],
      ['change', false],
      ['insert', true],
    ]);
  });

  it('show pictures before and after, whole', async () => {
    const figure = (id: number): string =>
      `<figure data-media="${id}"><img src="/media/${id}/960.webp" alt="صورة"><figcaption>شرح الصورة</figcaption></figure>`;
    const blocks = await compareBodies(`<p>نص.</p>\n${figure(7)}`, `<p>نص.</p>\n${figure(8)}`);
    expect(blocks.map(({ op, html }) => [op, html])).toEqual([
      ['equal', '<p>نص.</p>'],
      ['delete', `<del>${figure(7)}</del>`],
      ['insert', `<ins>${figure(8)}</ins>`],
    ]);
  });

  const word = fc.constantFrom('كتاب', 'كتابٌ', 'في', 'المدينة', 'القاهرة', '2023', '،', '«', '»', 'city', 'the', 'report', '.', 'مسؤول', 'مسئول', '&amp;', '👩🏽‍🚒'); // prettier-ignore
  const inline = fc.oneof(
    { weight: 6, arbitrary: word },
    fc.tuple(fc.constantFrom('b', 'em', 'a href="https://x.example/"', 'span lang="en" dir="ltr"', 'q', 'sup'), word).map(([tag, text]) => `<${tag}>${text}</${tag.split(' ')[0]}>`), // prettier-ignore
    fc.constant('<br>'),
  );
  const line = fc.array(inline, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(' '));
  const block = fc.oneof(
    { weight: 4, arbitrary: line.map((text) => `<p>${text}</p>`) },
    line.map((text) => `<p lang="en" dir="ltr">${text}</p>`),
    line.map((text) => `<h2>${text}</h2>`),
    fc.array(line, { minLength: 1, maxLength: 4 }).map((items) => `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`),
    fc.array(line, { minLength: 1, maxLength: 3 }).map((items) => `<ol>${items.map((item) => `<li><p>${item}</p><ul><li>${item}</li></ul></li>`).join('')}</ol>`), // prettier-ignore
    fc.array(line, { minLength: 1, maxLength: 3 }).map((items) => `<blockquote>${items.map((item) => `<p>${item}</p>`).join('')}</blockquote>`), // prettier-ignore
    fc.array(fc.tuple(line, line), { minLength: 1, maxLength: 3 }).map((rows) => `<table><caption>جدول</caption>${rows.map(([one, two]) => `<tr><td>${one}</td><td>${two}</td></tr>`).join('')}</table>`), // prettier-ignore
    line.map((text) => `<pre>${text}\n<b>${text}</b>\n  ${text}</pre>`),
    fc.constant('<hr>'),
  );
  const bodyOf = fc.array(block, { maxLength: 6 });

  it('of any kind give back both texts', async () => {
    await fc.assert(
      fc.asyncProperty(bodyOf, bodyOf, (before, after) => expectBothTexts(clean(before.join('')), clean(after.join('')))),
      { numRuns: 30 },
    );
  });

  it('one edited from the other give back both texts', async () => {
    const edit = fc.tuple(fc.nat(), fc.constantFrom('drop', 'repeat', 'swap', 'word', 'wrap', 'break'), word);
    const edited = (html: string, edits: readonly [number, string, string][]): string => {
      const parts = html.split(/(?<=>)|(?= )/);
      for (const [at, kind, text] of edits) {
        const index = at % Math.max(1, parts.length);
        const part = parts[index] ?? '';
        const changed = { drop: '', repeat: part + part, swap: (parts[index + 1] ?? '') + part, word: `${part} ${text} `, wrap: `<em>${part}</em>`, break: `${part}<br>` }[kind]!; // prettier-ignore
        parts[index] = changed;
      }
      return parts.join('');
    };
    await fc.assert(
      fc.asyncProperty(bodyOf, fc.array(edit, { maxLength: 6 }), async (blocks, edits) => {
        const before = clean(blocks.join(''));
        await expectBothTexts(before, clean(edited(before, edits)));
      }),
      { numRuns: 30 },
    );
  });

  it('of markup that nobody would write give back both texts', async () => {
    const soup = fc
      .array(
        fc.constantFrom(
          '<p>',
          '</p>',
          '<ul>',
          '<li>',
          '</li>',
          '</ul>',
          '<table>',
          '<tr>',
          '<td>',
          '</td>',
          '</table>',
          '<b>',
          '</b>',
          '<h2>',
          '</h2>',
          '<blockquote>',
          '</blockquote>',
          '<pre>',
          '</pre>',
          '<br>',
          '<hr>',
          '\n',
          ' أ ',
          'ب',
          'x',
          ' y',
          '&lt;p>',
          '<a href="https://x.example/">',
          '</a>',
          '<ins>',
          '<del>',
          '</del>',
          '<td dir="rtl">',
          '<caption>',
        ),
        { maxLength: 30 },
      ) // prettier-ignore
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(soup, soup, async (before, after) => {
        await expectBothTexts(clean(before), clean(after));
      }),
      { numRuns: 80 },
    );
  });
});
