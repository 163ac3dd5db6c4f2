import * as fc from 'fast-check';
import { UncleanText } from '../text/clean.js';
import { BodyRefused, cleanBody, mediaOf, withMediaBase, type Body, type BodyMedia } from './body.js';

/** 7 a picture with all there is to say of one, 8 a small one of which nothing is said, 9 a document. */
const MEDIA: BodyMedia = new Map([
  [7, { kind: 'picture', width: 1000, height: 500, alt: 'جسر "قديم" <x>', credit: { text: '\u0338تصوير: أ & ب', lang: 'ar', dir: 'rtl' } }],
  [8, { kind: 'picture', width: 200, height: 300, alt: '', credit: null }],
  [9, { kind: 'document', width: null, height: null, alt: '', credit: null }],
]);

const html = (source: string): string => cleanBody(source, 'ar').html;
const shown = (source: string): string => cleanBody(source, 'ar', MEDIA, 'https://center.example').html;

function refusal(source: string, clean: (source: string) => unknown = html): string | undefined {
  try {
    clean(source);
  } catch (error) {
    if (error instanceof BodyRefused) return error.reason;
    throw error;
  }
  return undefined;
}

describe('the form of a stored body', () => {
  it.each([
    ['bare text becomes a paragraph', 'نص بلا وسوم', '<p>نص بلا وسوم</p>'],
    ['bare text around blocks too', 'قبل<h2>عنوان</h2>بعد', '<p>قبل</p>\n<h2 id="h-عنوان">عنوان</h2>\n<p>بعد</p>'],
    ['wrappers part blocks', '<div>a</div><section>b<div>c</div></section>', '<p>a</p>\n<p>b</p>\n<p>c</p>'],
    ['empty paragraphs and headings go', '<p>&nbsp;</p><h2> </h2><p>a</p><h3><br></h3><p>&#x200f;</p>', '<p>a</p>'],
    ['white space is collapsed and trimmed', '<p>\n  a \t b<br></p>', '<p>a b</p>'],
    ['line breaks inside stay', '<p>صدر<br>عجز</p>', '<p>صدر<br>عجز</p>'],
    ['h1 becomes h2, h5 and h6 become h4', '<h1>a</h1><h5>b</h5>', '<h2 id="h-a">a</h2>\n<h4 id="h-b">b</h4>'],
    ['a heading keeps words only', '<h2><div>a<br>b</div></h2>', '<h2 id="h-a-b">a b</h2>'],
    ['phrasing around blocks is unwrapped', '<b><p>a</p><p>b</p></b>', '<p>a</p>\n<p>b</p>'],
    ['repeated nesting is flattened', '<p><b>a<b>b</b></b></p>', '<p><b>ab</b></p>'],
    ['strike and del become s', '<p><strike>a</strike><del>b</del></p>', '<p><s>a</s><s>b</s></p>'],
    [
      'span stays with a language only',
      '<p><span>a</span> <span lang="EN-us" dir="LTR">b</span></p>',
      '<p>a <span lang="en" dir="ltr">b</span></p>',
    ],
    [
      'a wrapper hands its direction on',
      '<div dir="ltr" lang="en"><p>a</p><p dir="rtl">b</p></div>',
      '<p lang="en" dir="ltr">a</p>\n<p lang="en" dir="rtl">b</p>',
    ],
    ['unknown languages and directions go', '<p lang="xx" dir="up">a</p>', '<p>a</p>'],
    ['a list between items goes into the item', '<ul><li>a</li><ul><li>b</li></ul></ul>', '<ul><li><p>a</p><ul><li>b</li></ul></li></ul>'],
    [
      'lists keep their start',
      '<ol start="3" type="A"><li>a</ol><ol start="-9"><li>b</ol>',
      '<ol start="3"><li>a</li></ol>\n<ol><li>b</li></ol>',
    ],
    ['text in a list becomes an item', '<ul>a<li></li></ul>', '<ul><li>a</li></ul>'],
    [
      'tables keep head, spans and scope',
      '<table border=1><caption>c</caption><tr><th scope=col colspan=2>a<th rowspan=900>b<tfoot><tr><td>d</table>',
      '<table><caption>c</caption><tbody><tr><th scope="col" colspan="2">a</th><th>b</th></tr><tr><td>d</td></tr></tbody></table>',
    ],
    ['a table without rows leaves its caption', '<table><caption>c</caption></table>', '<p>c</p>'],
    ['pre keeps its lines but no first newline', '<pre>\n\n a\n  b</pre>', '<pre> a\n  b</pre>'],
    ['foreign pictures go, their captions stay', '<figure><img src=x onerror=alert(1)><figcaption>c</figcaption></figure>', '<p>c</p>'],
    ['foreign ids and classes go', '<p id="location" class="x" style="color:red" onclick="x()">a</p>', '<p>a</p>'],
    ['the title of an abbreviation stays', '<p><abbr title=" منظمة\n دولية ">م</abbr></p>', '<p><abbr title="منظمة دولية">م</abbr></p>'],
    ['a combining solidus cannot break the tag before it', '<p>&#x338;a <b>&#x338;</b></p>', '<p>a</p>'],
    ['nothing is nothing', ' \n', ''],
  ])('%s', (_sentence, source, expected) => {
    expect(html(source)).toBe(expected);
  });

  it('derives contents, text, words and reading time', () => {
    const body = cleanBody(
      '<h2>المُقدمة</h2><p>سطر أول<br>سطر ثان</p><h3>المقدمه</h3><ul><li>بند <b>غليظ</b></li><li><p>a &amp; b</p></li></ul><h4>؟</h4>' +
        '<table><tr><td>1<td>2</table>',
      'ar',
    );
    expect(body).toEqual({
      html: body.html,
      contents: [
        { id: 'h-المقدمه', level: 2, text: 'المُقدمة' },
        { id: 'h-المقدمه-2', level: 3, text: 'المقدمه' },
        { id: 'h-section', level: 4, text: '؟' },
      ],
      text: 'المُقدمة\nسطر أول\nسطر ثان\nالمقدمه\nبند غليظ\na & b\n؟\n1\n2',
      words: 12,
      readingMinutes: 1,
      media: [],
    });
  });

  it('numbers headings apart even where another heading already reads so', () => {
    const ids = cleanBody('<h2>a 2</h2><h2>a</h2><h2>a</h2><h2>a-2</h2>', 'en').contents.map((heading) => heading.id);
    expect(ids).toEqual(['h-a-2', 'h-a', 'h-a-3', 'h-a-2-2']);
    const derived = cleanBody('<h2>a</h2><h2>a</h2><h2>a 2</h2><h2>a</h2>', 'en').contents.map((heading) => heading.id);
    expect(derived).toEqual(['h-a', 'h-a-2', 'h-a-2-2', 'h-a-3']);
  });
});

describe('links', () => {
  it.each([
    ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
    ['HTTP://EXAMPLE.org', 'http://example.org/'],
    [' https:\\\\example.org\\a ', 'https://example.org/a'],
    ['https://مثال.إختبار/مسار', 'https://xn--mgbh0fb.xn--kgbechtv/%D9%85%D8%B3%D8%A7%D8%B1'],
    ['mailto:a@example.org', 'mailto:a@example.org'],
  ])('keeps %s in canonical form', (href, kept) => {
    expect(html(`<p><a href="${href}" target="_blank" rel="opener" onclick="x">a</a></p>`)).toBe(`<p><a href="${kept}">a</a></p>`);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'java&#10;script:alert(1)',
    'java&NewLine;script&colon;alert(1)',
    '&#106;avascript&#58;alert(1)',
    'javascript&#x3a;alert(1)',
    '\u200ejavascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'view-source:javascript:alert(1)',
    'blob:https://example.org/x',
    'file:///etc/passwd',
    'tel:1',
    '//evil.example',
    '\\\\evil.example',
    '/\\evil.example',
    '/local',
    'local',
    '#anchor',
    '?query',
    '',
    'https://',
    'https://bank.example@evil.example/',
  ])('unwraps %j', (href) => {
    expect(html(`<p><a href="${href.replaceAll('"', '&quot;')}">a</a></p>`)).toBe('<p>a</p>');
  });

  it('refuses a scheme with a control character in it', () => {
    expect(() => html('<a href="java\u0001script:alert(1)">a</a>')).toThrow(UncleanText);
    expect(html('<a href="&#1;javascript:alert(1)">a</a>')).toBe('<p>a</p>');
  });

  it('parts links in links', () => {
    expect(html('<a href="https://a.example">a<table><tr><td><a href="https://b.example">b</a></table></a>')).not.toMatch(
      /<a[^>]*>(?:(?!<\/a>).)*<a/s,
    );
  });
});

const SIZES = 'sizes="auto, (min-width: 42rem) 42rem, 100vw"';
const sourceOf = (id: number, widths: readonly number[], format: string): string =>
  `<source type="image/${format}" srcset="${widths.map((width) => `/media/${id}/${width}.${format} ${width}w`).join(', ')}" ${SIZES}>`;
const picture = (id: number, widths: readonly number[], img: string): string =>
  `<picture>${sourceOf(id, widths, 'avif')}${sourceOf(id, widths, 'webp')}<img src="/media/${id}/${widths.findLast((width) => width <= 960)}.webp" ${img} loading="lazy"></picture>`;
const bridge = (alt = 'جسر &quot;قديم&quot; ‹x›'): string => picture(7, [320, 640, 960, 1000], `alt="${alt}" width="1000" height="500"`);
const CREDIT = '<small data-credit="" lang="ar" dir="rtl">تصوير: أ &amp; ب</small>';
const BRIDGE = `<figure data-media="7">${bridge()}<figcaption>${CREDIT}</figcaption></figure>`;
const SMALL = `<figure data-media="8">${picture(8, [200], 'alt="" width="200" height="300"')}</figure>`;

describe('pictures and documents', () => {
  it.each([
    ['an image alone becomes a figure, with what is said of its picture', '<img data-media="7" src="https://evil.example/x">', BRIDGE],
    ['of which nothing is said, it says nothing', '<img data-media=8>', SMALL],
    [
      'the words of the text come before those of the picture',
      '<figure data-media="7"><img alt=" نهر\n"><figcaption><p>النهر<br>في <b>الربيع</b></p></figcaption></figure>',
      `<figure data-media="7">${bridge('نهر')}<figcaption>النهر في <b>الربيع</b> ${CREDIT}</figcaption></figure>`,
    ],
    [
      'a figure may be named by its image',
      '<figure lang=en dir=ltr><a href="https://a.example"><img data-media=8></a><figcaption lang=fr>c</figcaption></figure>',
      SMALL.replace('<figure', '<figure lang="en" dir="ltr"').replace('</figure>', '<figcaption lang="fr">c</figcaption></figure>'),
    ],
    ['empty captions go', '<figure data-media=8><figcaption> <br> </figcaption></figure>', SMALL],
    [
      'address, size and behaviour come from no editor',
      '<figure data-media=8 class=x style=y><picture><source srcset=x><img src=x srcset=y width=9 height=9 loading=eager onerror=z></picture></figure>',
      SMALL,
    ],
    ['a picture parts the paragraph it stands in', '<p>a<img data-media=8> <b>c</b></p>', `<p>a</p>\n${SMALL}\n<p><b>c</b></p>`],
    ['a foreign one does not', '<p>a<img src=x alt=y>b</p>', '<p>ab</p>'],
    [
      'what else stands in a figure follows it',
      '<figure data-media=8>a<img src=x><img data-media=7></figure>',
      `${SMALL}\n<p>a</p>\n${BRIDGE}`,
    ],
    ['lists, tables and quotations may hold them', '<ul><li><img data-media=8></ul>', `<ul><li>${SMALL}</li></ul>`],
    ['headings may not', '<h2>a<img data-media=8></h2>', '<h2 id="h-a">a</h2>'],
    [
      'a credit is written here alone',
      `<figure data-media=8><figcaption>a<small data-credit>b</small></figcaption></figure><p><small data-credit>c</small>d</p>`,
      SMALL.replace('</figure>', '<figcaption>a</figcaption></figure>') + '\n<p>d</p>',
    ],
    [
      'unknown numbers, documents and no numbers are no pictures',
      '<img data-media=6><img data-media=9><img data-media=x><figure data-media=99999999999>a</figure>',
      '<p>a</p>',
    ],
    [
      'a document is linked to by number',
      '<p><a data-media="09" href="https://a.example">a</a></p>',
      '<p><a data-media="9" href="/media/9/document.pdf">a</a></p>',
    ],
    ['a picture is not', '<p><a data-media=7>a</a> <a data-media=6>b</a></p>', '<p>a b</p>'],
    [
      'nor is anything by an address of ours',
      '<p><a href="/media/9/document.pdf">a</a> <a href="https://center.example/media/9/document.pdf">b</a> <a href="https://center.example/about">c</a></p>',
      '<p>a b <a href="https://center.example/about">c</a></p>',
    ],
  ])('%s', (_sentence, source, expected) => {
    expect(shown(source)).toBe(expected);
    expect(shown(expected)).toBe(expected);
  });

  it('captions are text, alternative texts and credits are not', () => {
    const body = cleanBody(`<blockquote>${BRIDGE.replace('<figcaption>', '<figcaption>شرح ')}${SMALL}</blockquote><p>متن</p>`, 'ar', MEDIA);
    expect(body).toMatchObject({ text: 'شرح\nمتن', words: 2 });
  });

  it('tells what is shown and linked to, and what is named', () => {
    const source =
      '<img data-media=7><h2>a<img data-media=8></h2><p><a data-media=9>x</a><img data-media=7></p><img data-media=6><img data-media=99999999999>';
    const shownOnes = [
      { id: 7, place: 'figure' },
      { id: 9, place: 'link' },
    ];
    expect(cleanBody(source, 'ar', MEDIA).media).toEqual(shownOnes);
    expect(mediaOf(source)).toEqual([
      { id: 7, place: 'figure' },
      { id: 8, place: 'figure' },
      { id: 9, place: 'link' },
      { id: 6, place: 'figure' },
      { id: 0, place: 'figure' },
    ]);
    expect(mediaOf('<p data-media=7>&lt;img data-media=8&gt;</p><script><img data-media=8></script>')).toEqual([]);
  });

  it('are refused when there are too many, before anybody asks what they are', () => {
    const named = (many: number): string => Array.from({ length: many }, (_, n) => `<figure data-media=${n + 1}><img data-media=${n + 1}></figure>`).join(''); // prettier-ignore
    expect(mediaOf(named(100))).toHaveLength(100);
    expect(() => mediaOf(named(101))).toThrow(expect.objectContaining({ reason: 'too_many_media' }));
  });

  it('shows a hundred and no more', () => {
    expect(cleanBody('<img data-media=8>'.repeat(100), 'ar', MEDIA).media).toHaveLength(1);
    expect(() => cleanBody('<img data-media=8>'.repeat(101), 'ar', MEDIA)).toThrow(expect.objectContaining({ reason: 'too_many_media' }));
  });

  it('is fetched elsewhere where that is asked for, its text untouched', () => {
    const body = shown(
      '<p>src="/media/7/320.avif" <a data-media=9>x</a> <a href="https://a.example/media/1/b">y</a></p><img data-media=8 alt=\' src="/media/8/1.webp"\'>',
    );
    const moved = withMediaBase(body, '/previews/t');
    expect(moved).toBe(
      '<p>src="/media/7/320.avif" <a data-media="9" href="/previews/t/media/9/document.pdf">x</a> <a href="https://a.example/media/1/b">y</a></p>\n' +
        SMALL.replaceAll('/media/8/', '/previews/t/media/8/').replace('alt=""', 'alt="src=&quot;/media/8/1.webp&quot;"'),
    );
  });
});

const HOSTILE: [string, string][] = [
  ['script', '<script>alert(1)</script>x'],
  ['split script', '<scr<script>ipt>alert(1)</scr</script>ipt>x'],
  ['xmp', '<xmp><script>alert(1)</script></xmp>x'],
  ['noscript', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">x</noscript>'],
  ['math mtext mglyph', '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">'],
  ['math annotation-xml', '<math><annotation-xml encoding="text/html"><p><script>alert(1)</script></p></annotation-xml></math>x'],
  ['svg style', '<svg><style><img src=x onerror=alert(1)></style></svg>x'],
  ['svg foreignObject', '<svg><foreignObject><iframe src="javascript:alert(1)"></iframe></foreignObject></svg>'],
  ['svg animate', '<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>'],
  ['nested forms', '<form><div></form><form><input name=attributes><button formaction=javascript:alert(1)>x</form>'],
  ['comments', '<!--><img src=x onerror=alert(1)>--><!-- <p>x --!><b>y'],
  ['template', '<template><script>alert(1)</script></template>x'],
  ['plaintext', 'x<plaintext><script>alert(1)</script>'],
  ['select', '<select><option><style></option></select><img src=x onerror=alert(1)></style></select>x'],
  ['isindex', '<isindex action=javascript:alert(1) type=image>x'],
  ['title', '<title><img src=x onerror=alert(1)></title>x'],
  ['textarea', '<textarea></textarea><img src=x onerror=alert(1)></textarea>x'],
  ['iframe', '<iframe srcdoc="<script>alert(1)</script>"><p>x</iframe>'],
  ['noembed and noframes', '<noembed><img src=x onerror=alert(1)></noembed><noframes><script>x</script></noframes>y'],
  ['object and embed', '<object data=javascript:alert(1)>x<embed src=javascript:alert(1)></object>'],
  ['base, link, meta', '<base href=javascript:alert(1)//><link rel=stylesheet href=x><meta http-equiv=refresh content=0>x'],
  ['style attribute and element', '<style>@import x</style><p style="background:url(javascript:alert(1))">x'],
  ['event handlers', '<p onmouseover=alert(1) onclick="x"><b onfocus=x tabindex=0 autofocus>y</b>'],
  ['attribute without quotes', '<p/onclick=alert(1)/x>y<a href=https://a.example/onclick=x>z'],
  ['clobbering', '<a name=body id=cookie href=https://a.example>x</a><p id=location name=forms>y'],
  ['data attributes and aria', '<p data-controller=x aria-label=y role=button is=z slot=a part=b>x'],
  ['custom element', '<x-y onclick=alert(1)>x</x-y>'],
  ['cdata', '<![CDATA[<script>alert(1)</script>]]>x'],
  ['processing instruction', '<?xml version="1.0"?><?php echo 1 ?>x'],
  ['entities that decode to tags', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['body and html attributes', '<html onload=x><body onload=alert(1) background=x>y'],
  ['video and audio', '<video><source onerror=alert(1)>x</video><audio src=x onerror=y>z</audio>w'],
  ['details', '<details open ontoggle=alert(1)><summary>x</summary>y</details>'],
];

const ALLOWED_TAG =
  /^<\/?(?:p|h[2-4]|blockquote|ul|ol|li|hr|table|caption|thead|tbody|tr|th|td|pre|a|strong|em|b|i|u|s|sub|sup|br|bdi|cite|abbr|q|code|mark|span|figcaption|picture)(?: (?:id="h-[^"<>\s]+"|href="(?:https?:\/\/|mailto:)[^"<>\s]*"|lang="(?:ar|en|fr)"|dir="(?:ltr|rtl|auto)"|title="[^"]*"|start="\d+"|(?:col|row)span="\d+"|scope="\w+"))*>$/;
const SRCSET = String.raw`(?:\/media\/[78]\/\d+\.\w+ \d+w(?:, )?)+`;
const ALLOWED_MEDIA = new RegExp(
  String.raw`^<(?:\/?figure|figure(?: lang="\w\w")?(?: dir="\w+")? data-media="[78]"|\/small|small data-credit="" lang="ar" dir="rtl"|a data-media="9" href="\/media\/9\/document\.pdf"(?: (?:lang|dir)="\w+")*` +
    String.raw`|source type="image\/(?:avif|webp)" srcset="${SRCSET}" sizes="[^"]+"|img src="\/media\/[78]\/\d+\.webp" alt="[^"<>]*" width="\d+" height="\d+" loading="lazy")>$`,
);

/** Whatever begins with "<" in the output must be one of the tags and attributes of the allow-list. */
function expectOnlyAllowed(output: string): void {
  for (const tag of output.match(/<(?:"[^"]*"|[^">])*>?/g) ?? []) expect(ALLOWED_MEDIA.test(tag) ? '<p>' : tag).toMatch(ALLOWED_TAG);
}

describe('hostile markup', () => {
  it.each(HOSTILE)('%s leaves nothing but allowed tags and attributes', (_name, source) => {
    const output = html(source);
    expectOnlyAllowed(output);
    expect(html(output)).toBe(output);
  });

  it.each([
    ['<script>alert(1)</script>x', 'x'],
    ['<style>p{}</style><svg><style>a</style></svg><math><mi>b</mi></math>x', 'x'],
    ['<select><option>a</select><textarea>b</textarea><button>c</button>x', 'x'],
    ['<template>a</template><noscript>b</noscript><iframe>c</iframe><title>d</title>x', 'x'],
    ['<xmp>a</xmp><noembed>b</noembed><object>c</object>x', 'x'],
    ['&lt;b&gt; &amp;amp; &quot;', '<b> &amp; "'],
  ])('of %j the text is %j', (source, text) => {
    expect(cleanBody(source, 'en').text).toBe(text);
  });

  it.each([
    ['250 KB', '<p>كلمة </p>'.repeat(16_000), 'too_large'],
    ['500 nested tables', '<table><tr><td>'.repeat(500) + 'x', 'too_deep'],
    ['5,000 nested b', '<b>'.repeat(5_000) + 'x', 'too_deep'],
    ['101 nested blockquotes', '<blockquote>'.repeat(101) + 'x', 'too_deep'],
  ])('refuses %s', (_name, source, reason) => {
    expect(refusal(source)).toBe(reason);
  });

  it('limits the size of what comes in, not of what is written out', () => {
    expect(cleanBody('&'.repeat(150_000), 'en')).toMatchObject({ html: `<p>${'&amp;'.repeat(150_000)}</p>`, text: '&'.repeat(150_000) });
  });

  it('accepts ninety nested blockquotes', () => {
    expect(refusal('<blockquote>'.repeat(90) + 'x')).toBeUndefined();
  });

  it.each([
    ['nul', 'a\0b'],
    ['control', 'a\u0007b'],
    ['control', '<p>a&#7;b</p>'],
    ['noncharacter', '<p>&#xFFFE;</p>'],
    ['lone_surrogate', 'a\ud800'],
    ['marks', `<p>e${'\u0301\u0316'.repeat(50_000)}`],
    ['marks', `<p>e${'&#x301;&#x316;'.repeat(5_000)}`],
    ['marks', `<p>e${`<b>${'\u0301\u0316'.repeat(15)}</b>`.repeat(2_000)}`],
    ['marks', `<h2>e${`<b>${'\u0301\u0316'.repeat(15)}</b>`.repeat(2_000)}`],
  ])('refuses text with %s: %j', (reason, source) => {
    expect(() => html(source)).toThrow(expect.objectContaining({ name: 'UncleanText', reason }));
  });

  it.each(['a > b', 'a &lt;img src=x&gt;', '&lt;'])(
    'drops the title %j of an abbreviation, and keeps one without angle brackets',
    (title) => {
      expect(html(`<p><abbr title="${title}">x</abbr> <abbr title="a &amp; b">y</abbr></p>`)).toBe(
        '<p><abbr>x</abbr> <abbr title="a &amp; b">y</abbr></p>',
      );
    },
  );

  it('takes bidirectional formatting out, also where it is written as a character reference', () => {
    expect(html('<p>a\u202eb&#x202e;c&#x2067;</p>')).toBe('<p>abc</p>');
  });
});

describe('any markup', () => {
  const names = (
    'p h1 h2 h3 h6 div blockquote ul ol li table thead tbody tr td th caption a b i strong em u s sub sup br hr span pre code bdi q abbr ' +
    'section figure form select option button svg math mtext mglyph style script title textarea xmp noscript template nobr font center dl dd'
  ).split(' ');
  const attribute = fc.constantFrom(
    '',
    ' href="https://a.example/?a=b&c"',
    ' href=javascript:alert(1)',
    ' href="//evil.example"',
    ' onclick=x',
    ' dir=rtl',
    ' lang=en',
    ' id=x',
    ' colspan=3',
    ' title="&quot;>"',
    ' style="x"',
  );
  const tag = fc.tuple(fc.constantFrom(...names), attribute).map(([name, value]) => `<${name}${value}>`);
  const end = fc.constantFrom(...names).map((name) => `</${name}>`);
  const text = fc.constantFrom(
    'كلمة',
    'a',
    ' ',
    '\n',
    '\n\n',
    '&nbsp;',
    '&lt;b&gt;',
    '&amp;',
    '<',
    '>',
    '"',
    '<!--',
    '-->',
    '&#x338;',
    '\u0338',
    '&#x301;',
    'e',
    '\u200f',
    '&#13;',
    '&#10;',
    ']]>',
    '/',
  );
  const fragment = fc.array(fc.oneof({ weight: 4, arbitrary: tag }, { weight: 2, arbitrary: end }, { weight: 3, arbitrary: text }), {
    maxLength: 30,
  });

  const mediaTag = fc.constantFrom(
    '<figure data-media=7>',
    '<figure data-media=8 lang=en>',
    '<figure data-media=9>',
    '<figure>',
    '<img data-media=7>',
    '<img data-media=8 alt="a &quot;&lt;b&gt;&quot; &#x338;">',
    '<img src=x onerror=y alt=z>',
    '<picture>',
    '<source srcset=x>',
    '<figcaption>',
    '<figcaption dir=rtl>',
    '<small data-credit>',
    '<small>',
    '<a data-media=9>',
    '<a data-media=7 href="https://a.example">',
    ...['figure', 'figcaption', 'picture', 'small', 'a', 'img'].map((name) => `</${name}>`),
  );
  const withPictures = fc.array(
    fc.oneof({ weight: 3, arbitrary: mediaTag }, { weight: 2, arbitrary: fragment.map((parts) => parts.slice(0, 2).join('')) }),
    {
      maxLength: 20,
    },
  );

  it.each([
    ['markup', fragment],
    ['markup with pictures', withPictures],
  ])('%s becomes allowed tags only and is then stable', (_kind, fragments) => {
    const clean = (source: string): Body => cleanBody(source, 'ar', MEDIA, 'https://a.example');
    fc.assert(
      fc.property(fragments, (parts) => {
        const source = parts.join('');
        // Allowed, but so rare that none was seen in 60,000 such fragments.
        fc.pre(refusal(source, clean) !== 'unstable');
        const body = clean(source);
        expectOnlyAllowed(body.html);
        expect(clean(body.html)).toEqual(body);
        expect(body.html.normalize('NFC')).toBe(body.html);
        // What stands in the text was named in the source, and nothing else is recorded as used.
        expect(mediaOf(source)).toEqual(expect.arrayContaining(body.media));
        expect(mediaOf(body.html)).toEqual(body.media);
      }),
      { numRuns: 3_000 },
    );
  });
});
