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
    'بين 2015\u200F–\u200F2020، وفي 2025-11-23 عند 10:30',
    '1967 و1973 و1982؛ 1967 و 1973 و 1982',
    'بلغ ١٬٢٥٠٬٠٠٠ نسمة (٣٫٥٪)',
    '966,555,123,456 دولار; $1,250,000,000; 1,400,000,000 people',
    'pp. 12, 13, 14, 15',
    'pp. 120–134, 150–160 or 2203–2215',
    'pp. 45, 117, 230',
    'من 10:30–12:45، 12–15/05/2024، 750–1258، 1096–1291',
    '45%, 32%, 23%; 3.5%, 4.25%, 12.75%; 2026: 1,250; 2020 (3.5%) …',
    'S-300, S-400, S-500; F-15, F-16, F-22, F-35; H1N1',
    'القراران 242 (1967) و338 (1973); res. 242 (1967), 338 (1973); no. 3 (2020): 345–350',
    '622–632، 632–661، 661–750',
    '%45، %32، %23، %12',
    'كوفيد-19 2020-2021',
    // What readers write.
    'قرأت هذا التحليل أمس وتذكرت نقاشنا عن المياه في 2019 و2021، فأحببت أن أشاركك إياه.',
    'السلام عليكم د. سالم، انظر الفقرة الثالثة: «لا إصلاح بلا مؤسسات» (ص. 14، 15، 16).',
    'ارتفع التضخم من 12.5% إلى 33.7% بين 01/01/2022 و31/12/2023!',
    'تراوحت التكلفة بين 15230 و 26410 دولارًا للطن الواحد 😮.',
    'العدد 3، السنة 12، 1445هـ/2024م، الصفحات 101–118.',
    'This is the piece I mentioned on 12/05/2024; the table on p. 7 is worth a look.',
    'GDP grew 3.1%, 2.9% and 4.0% in 2021, 2022, and 2023 (not 5.5% as they say).',
    'Read it — it’s short, well argued & honest; A+ for the maps… 👍',
    'La population est passée de 1 250 000 à 1 400 000 habitants entre 1990 et 2020.',
    'Réunion de 10 h 30 à 12 h 45 : l’auteur répond aux questions (cf. p. 3-4).',
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
    'i❤.ws/win',
    '💀.ws',
    '💀 . com',
    '👩‍🚀.ws',
    'evil$.ws',
    'evil—.ws',
    '㏂.evil',
    '⒈.evil',
    'evil・.みんな',
    '\u{E000}.ws',
    '\u{1FAFF}\u{3FFFD}.to',
    '05=551=234=567',
    '05+551+234+567',
    '05;551;234;567',
    "05'551'234'567",
    '05 = 551 = 234 = 567',
    '05&551*234^567',
    '05»551«234»567',
    '05–—–551""_234',
    '05😀551😀234😀567',
    '05ـ551ـــ234ـ567',
    '010ー1234ー5678',
    '05, 51, 23, 45, 67',
    '0x5x5x1x2x3x4',
    '0 x 5 x 5 x 1 x 2 x 3 x 4',
    '0-ب-5-ب-5-ب-1-ب-2-ب-3-ب-4',
    '055 و 512 و 345 و 67',
    '0️⃣5️⃣5️⃣1️⃣2️⃣3️⃣4️⃣',
    '0⃣ 5⃣ 5⃣ 1⃣ 2⃣ 3⃣ 4⃣',
    '٠\u0651٥\u0651٥\u0651١\u0651٢\u0651٣\u0651٤',
    '⓪⑤⑤①②③④',
    '⓿❺❺❶❷❸❹',
    '⓿➎➎➊➋➌➍',
    '〇〡〢〣〤〥〦',
    '966,555,123,456',
    '٩٦٦٬٥٥٥٬١٢٣٬٤٥٦',
    '966,555,123,000',
    '009,665,551,234',
    '055,123,456',
    '966.555.123.456',
    '966 555 123 456',
    '551 234 567',
    '5%51%23%45%67',
    '5$51$23$4567',
    '5, 51, 234, 567',
    '551, 2345, 67',
    '12-34-56-78',
    '55 1234 567',
    '2010-555123',
    '555-1999',
    '2015, 2016, 0100 123 4567',
    '010…0123…4567',
  ])('loses what leads somewhere: %j', (link) => {
    // prettier-ignore
    expect(withoutLinks(`قبل ${link} بعد`)).toBe('قبل … بعد');
    expect(withoutLinks(link)).toBe('');
  });

  it('says where something was, once for several, and keeps the lines and brackets around it', () => {
    expect(withoutLinks('انظر (evil.com)، ثم\nevil.org\nانتهى')).toBe('انظر (…)، ثم\n…\nانتهى');
    expect(withoutLinks('call me (05=512=345=67), please')).toBe('call me (…), please');
    expect(withoutLinks('see evil.com evil.org, and x@y.z.')).toBe('see …, and …');
    expect(withoutLinks('evil.com, then +20 100 123 4567!')).toBe('…, then …!');
    expect(withoutLinks('evil.com +20 100 123 4567')).toBe('');
  });

  it('loses what one program reads apart and another together, at a character that is not seen', () => {
    expect(withoutLinks('seen\u200Bwww.x1')).toBe('seen\u200B …');
    expect(withoutLinks('see ev\u200Bil.com')).toBe('see …');
  });

  it('loses what only stands there once something else is gone', () => {
    expect(withoutLinks('call 010 x.com 0123 y.com 4567')).toBe('call …');
    expect(withoutLinks('evil@a.com.com and ev//x.y il.com')).not.toMatch(/com/);
  });

  it('leaves no dot between a mark and a word', () => {
    expect(withoutLinks('ev。…il')).toBe('ev … il');
    expect(withoutLinks('ev….il')).toBe('ev … il');
    expect(withoutLinks('قال.… ثم')).toBe('قال.… ثم');
  });

  it('gives a dot its space behind a sign, too', () => expect(withoutLinks('قال 😀.ثم مضى')).toBe('قال 😀. ثم مضى'));

  /** What mail programs make links of, and what is read as one, looked for in ways of its own: in the text as it is, folded, and unseen characters out. */
  function leadsSomewhere(text: string): string | null {
    const plain = [...text.replaceAll('…', '\uE000')]
      .map((letter) => letter.normalize('NFKC'))
      .join('')
      .replace(/(?!\n)[\p{Cc}\u00AD\u200B-\u200F\u2060-\u2064\p{Variation_Selector}\uFEFF\u202A-\u202E\u2066-\u2069]/gu, '')
      .replace(/[。｡۔]/g, '.');
    for (const seen of [text, plain]) {
      const found =
        /:\/\/|\/\/\S|(?<![\p{L}\p{N}])www\.[\p{L}\p{Nd}]|[\p{L}\p{Nd}\p{S}_-]\p{M}*\.\p{L}\p{M}*\p{L}|@|xn--|\p{N}{1,3}\.\p{N}{1,3}\.\p{N}{1,3}\.\p{N}|\p{Nd}(?:\p{M}*\p{Nd}){6}|\p{L}\[\.\]\p{L}{2}|\p{L}\(dot\)\p{L}{2}/iu.exec(
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
      '💀',
      '❤',
      '$',
      '=',
      '+',
      '|',
      '—',
      '・',
      '\uE000',
      '\u{3FFFD}',
      '\u20E3',
      '❶',
      '〇',
      '٬',
      '%',
      'ws',
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
      '💀.',
      '💀',
      '1\u0301',
      '1a',
      '1 a ',
      '1\u20E3',
      '1 - ',
      '12, ',
      '2015, ',
      '1,234',
      '3%, ',
      '1…',
      '.…',
      '1\0',
      `111111${'\u0301'.repeat(1000)}x`,
      `111111 ${'\u0301'.repeat(1000)}+${'\u0301'.repeat(1000)}x`,
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
