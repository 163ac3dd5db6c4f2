import fc from 'fast-check';
import { withoutLinks } from './share-message.js';

describe('a stranger’s message', () => {
  it.each([
    'د. أحمد قال… ثم سكت.',
    '3.5%',
    'في 2026 زاد 1,250 طنًا، أي 3.5%',
    'p. 12, 13 and 14; see also pp. 120–134',
    'بين 2015 و2020، أو 2015–2020، في 12/05/2024 و2025-11-23',
    '1,250,000 people',
    'e.g. the U.S.A., at 10:30 a.m.',
    'ما رأيك في هذا؟ 👨‍👩‍👧 می‌خواهم',
    'HTTP protocol; and/or; either\nor',
    'The gain. Net income rose. Info: none.',
    'قال: «نعم» (ثم مضى) — هكذا!',
    '  ثلاث  كلمات  هنا  '.trim(),
  ])('keeps what is prose: %s', (text) => expect(withoutLinks(text)).toBe(text));

  it.each([
    ['قال.ثم مضى', 'قال. ثم مضى'],
    ['د.أحمد قال', 'د. أحمد قال'],
    ['We are done.But J.Smith is not', 'We are done. But J. Smith is not'],
    ['你好。我们', '你好。 我们'],
    ['evil.photographie-fantaisie.Été', 'evil. photographie-fantaisie. Été'.replace(/.*/, '…')],
  ])('gives a dot the space that was left out, so that nothing takes it for a link: %s', (text, written) =>
    expect(withoutLinks(`س ${text}`)).toBe(`س ${written}`),
  );

  it.each([
    'https://evil.example/a?b=c#d',
    'HTTP://EVIL.EXAMPLE',
    'hxxp://evil',
    'hxxps evil.com',
    'h**ps://evil',
    '//evil/x',
    'javascript:alert(1)',
    'mailto:a',
    'tel:12',
    'www.evil.example',
    'www evil',
    'evil.com',
    'EVIL.COM',
    'evil.co.uk/x',
    'x.com',
    't.co',
    'evil.com:8080/x',
    'evil.com-now',
    'evil。com',
    'evil．com',
    'evil｡com',
    'ｅｖｉｌ．ｃｏｍ',
    'evil[.]com',
    'evil (.) com',
    'evil{dot}com',
    'evil (dot) com',
    'evil dot com',
    'evil نقطة كوم',
    'evil . com',
    'evil. com',
    'evil .net',
    'evil۔com',
    'موقع.شبكة',
    'وزارة.السعودية',
    'пример.рф',
    '例え.みんな',
    'कंपनी.भारत',
    'xn--80ak6aa92e',
    'münchen.de',
    'كلمة.com',
    'ev\u00ADil.c\u200Dom',
    'evil\u200B.\u2060com',
    'e\u200Cvil.com',
    'evil\uFE0F.com',
    'ev\u{E0061}il.com',
    'evil.\tcom',
    'evil\u0000.\u0007com',
    '010\t0123\t4567',
    '192.0.2.1',
    '192.0.2.1:80/x',
    '١٩٢.٠.٢.١',
    '2001:db8::1',
    '[::1]',
    'fe80::1',
    'a@evil.example',
    'a @ evil',
    'a (at) evil',
    'a[at]evil[dot]com',
    'a＠evil',
    '@handle',
    'a+b@c',
    '+20 100 123 4567',
    '0100-123-4567',
    '(010) 01234567',
    '٠١٠٠١٢٣٤٥٦٧',
    '۰۱۰۰ ۱۲۳ ۴۵۶۷',
    '０１００１２３４５６',
    '0 1 0 0 1 2 3',
    '010.0123.4567',
    '0\u200B1\u200B0\u200B0\u200B1\u200B2\u200B3',
    '0,1,0,0,1,2,3',
    '010\n012\n34567',
    '𝟎𝟏𝟎𝟎𝟏𝟐𝟑',
  ])('loses what leads somewhere: %j', (link) => {
    // prettier-ignore
    expect(withoutLinks(`قبل ${link} بعد`)).toBe('قبل … بعد');
    expect(withoutLinks(link)).toBe('');
  });

  it('says where something was, once for several, and keeps the lines and brackets around it', () => {
    expect(withoutLinks('انظر (evil.com)، ثم\nevil.org\nانتهى')).toBe('انظر (…)، ثم\n…\nانتهى');
    expect(withoutLinks('see evil.com evil.org, and x@y.z.')).toBe('see …, and …');
    expect(withoutLinks('evil.com, then +20 100 123 4567!')).toBe('…, then …!');
    expect(withoutLinks('evil.com +20 100 123 4567')).toBe('');
  });

  it('loses what one program reads apart and another together, at a character that is not seen', () => {
    expect(withoutLinks('seen\u200Bwww.x1')).toBe('seen\u200B …');
    expect(withoutLinks('see ev\u200Bil.com')).toBe('see …');
  });

  it('loses what only stands there once something else is gone', () => {
    expect(withoutLinks('call 010 x.com 0123 y.com 4567')).toBe('call 010 … 0123 … 4567');
    expect(withoutLinks('evil@a.com.com and ev//x.y il.com')).not.toMatch(/com/);
  });

  /** What mail programs make links of, and what is read as one, looked for in ways of its own: in the text as it is, folded, and unseen characters out. */
  function leadsSomewhere(text: string): string | null {
    const plain = [...text.replaceAll('…', '\uE000')]
      .map((letter) => letter.normalize('NFKC'))
      .join('')
      .replace(/(?!\n)[\p{Cc}\u00AD\u200B-\u200F\u2060-\u2064\p{Variation_Selector}\uFEFF\u202A-\u202E\u2066-\u2069]/gu, '')
      .replace(/[。｡۔]/g, '.');
    for (const seen of [text, plain]) {
      const found =
        /:\/\/|\/\/\S|(?<![\p{L}\p{N}])www\.[\p{L}\p{Nd}]|[\p{L}\p{Nd}_-]\p{M}*\.\p{L}\p{M}*\p{L}|@|xn--|\p{N}{1,3}\.\p{N}{1,3}\.\p{N}{1,3}\.\p{N}|\p{Nd}{7}|\p{L}\[\.\]\p{L}{2}|\p{L}\(dot\)\p{L}{2}/iu.exec(
          seen,
        );
      if (found) return found[0];
    }
    return null;
  }

  it('leads nowhere, whatever was put together in it, and is left as it is when it is read again', () => {
    const part = fc.constantFrom(
      'evil',
      'com',
      'org',
      'a',
      'x',
      'شبكة',
      'موقع',
      'سلام',
      'J',
      'Smith',
      'рф',
      'みんな',
      'www',
      'http',
      'https',
      'hxxp',
      'xn--',
      'dot',
      'at',
      'نقطة',
      'كوم',
      '.',
      '.',
      '.',
      '。',
      '．',
      '[.]',
      '(.)',
      ' dot ',
      '(at)',
      '@',
      '＠',
      '://',
      ':',
      '/',
      '//',
      '\\\\',
      '-',
      '_',
      '+',
      ',',
      '(',
      ')',
      '[',
      ']',
      '«',
      '»',
      '…',
      ' ',
      ' ',
      '\n',
      '\t',
      '\u00A0',
      '\u200B',
      '\u200C',
      '\u200D',
      '\u00AD',
      '\u2060',
      '\uFEFF',
      '\u200F',
      '\uFE0F',
      '\u202E',
      '\u0651',
      '\u0301',
      '1',
      '22',
      '192',
      '0',
      '٠١٠',
      '۱۲۳',
      '４５６',
      '𝟕',
      '²',
      '255',
      '::',
      'db8',
      'Ⅳ',
      '⒈',
      '㏂',
      'ﷺ',
      'ﬁ',
    );
    const text = fc.oneof(
      { weight: 4, arbitrary: fc.array(part, { maxLength: 40 }).map((parts) => parts.join('')) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
      { weight: 1, arbitrary: fc.tuple(fc.webUrl(), fc.emailAddress(), fc.ipV6(), fc.domain()).map((links) => links.join(' و ')) },
    );
    let legible = 0;
    fc.assert(
      fc.property(text, (message) => {
        const written = withoutLinks(message);
        expect([message, leadsSomewhere(written)]).toEqual([message, null]);
        expect(withoutLinks(written)).toBe(written);
        if (written !== '') legible += 1;
      }),
      { numRuns: 4_000 },
    );
    expect(legible).toBeGreaterThan(1_000);
  });

  it('is read in time linear in its length', () => {
    const units = [
      'a',
      'a.',
      '.a',
      '1 ',
      '1',
      '@',
      ' @',
      'a@',
      '(',
      '[dot]',
      ' dot ',
      '::',
      'a:',
      '//',
      'www ',
      'xn--',
      '…',
      '. ',
      '.1',
      '1.',
      'h',
      '(((',
      '  ',
      'ع.',
      '+',
      ',1',
      '_',
      'ﷺ',
      '\u200B',
      '@ @',
      'a:/',
      '\\',
    ];
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(10_000 / Buffer.byteLength(unit)));
      // Of the processor, because the machine may be busy; of two, because the first also compiles. A quadratic pattern takes seconds.
      const took = [1, 2].map(() => {
        const start = process.cpuUsage();
        withoutLinks(text);
        return process.cpuUsage(start).user / 1_000;
      });
      expect([unit, Math.min(...took) < 400]).toEqual([unit, true]);
    }
  });
});
