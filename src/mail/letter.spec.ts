import fc from 'fast-check';
import { letter, ltr, phrase, quoted, type LetterOptions } from './letter.js';

const center = { name: 'مركز مثال', origin: 'https://center.example', color: '#0b5c56', postal: 'القاهرة' };
const returned: LetterOptions = {
  lang: 'ar',
  subject: 'أعيد إليك: Water & Peace',
  paragraphs: [
    phrase`أعادت ${'سلمى <b>'} مقالك «${'Water & Peace'}» إليك.`,
    quoted('راجع الأرقام.\n\nSee table 2.'),
    'عدّله ثم أرسله من جديد.',
  ],
  action: { label: 'افتح المقال', href: 'https://center.example/desk/articles/7?a=1&b=2' },
  closing: phrase`للأسئلة: ${ltr('desk@center.example')}`,
  center,
};

describe('letter', () => {
  it('says the same in both parts, with each value escaped and isolated', () => {
    const { subject, text, html } = letter(returned);
    expect(subject).toBe('أعيد إليك: Water & Peace');
    expect(text).toBe(
      [
        'أعادت \u2068سلمى <b>\u2069 مقالك «\u2068Water & Peace\u2069» إليك.',
        '> راجع الأرقام.\n> \n> See table 2.',
        'عدّله ثم أرسله من جديد.',
        'افتح المقال:\nhttps://center.example/desk/articles/7?a=1&b=2',
        'للأسئلة: \u2066desk@center.example\u2069',
        '-- \nأرسل موقع \u2068مركز مثال\u2069 هذه الرسالة آليًا، فلا ترد عليها.\nhttps://center.example\n',
      ].join('\n\n'),
    );
    expect(html).toContain('أعادت <bdi>سلمى &lt;b></bdi> مقالك «<bdi>Water &amp; Peace</bdi>» إليك.');
    expect(html).toContain('<div dir="auto">راجع الأرقام.</div><div dir="auto">\u00A0</div><div dir="auto">See table 2.</div>');
    expect(html).toContain('<span dir="ltr">desk@center.example</span>');
    expect(html).toContain('<a href="https://center.example/desk/articles/7?a=1&amp;b=2"');
    expect(html).not.toContain('<b>');
  });

  it.each([
    ['ar', 'rtl', 'right'],
    ['en', 'ltr', 'left'],
    ['fr', 'ltr', 'left'],
  ] as const)('gives every table and cell of a letter in %s its direction, twice', (lang, dir, align) => {
    const { html } = letter({ ...returned, lang });
    const opening = html.match(/<(?:table|td)\b[^>]*>/g) ?? [];
    expect(opening.length).toBeGreaterThan(12);
    for (const tag of opening) {
      expect(tag).toContain(`dir="${dir}" lang="${lang}"`);
      expect(tag).toMatch(new RegExp(`style="direction:${dir};text-align:(?:${align}|center);`));
    }
    expect(html).not.toMatch(/-inline-|inset|[a-z]-start|[a-z]-end/);
    expect(html).toMatch(new RegExp(`^<!DOCTYPE html><html lang="${lang}" dir="${dir}">`));
  });

  it('has the center’s color in its head, its button and its links', () => {
    // Of a center that chose none it looks as it always did.
    expect(letter(returned).html.match(/#0b5c56/g)).toHaveLength(3);
    const colored = letter({ ...returned, center: { ...center, color: '#7a1f5c' } });
    expect(colored.html).toBe(letter(returned).html.replaceAll('#0b5c56', '#7a1f5c'));
    expect(colored.text).toBe(letter(returned).text);
  });

  it('lets no text of a card, a foot or a letterhead break out of its line or its element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
        const evil = `x${value}\u2069\u202E\r\nBcc: x\u2028<script>"'${value}`;
        const { text, html } = letter({
          ...returned,
          center: { ...center, name: evil, postal: evil },
          card: { lang: 'en', title: evil, byline: [evil, evil], dateline: evil, summary: evil, href: 'https://center.example/1' },
          foot: { reasons: [phrase`لأن ${evil}`], optOut: { label: 'كفى', href: 'https://center.example/mail/opt-out/x' } },
        });
        expect(html).not.toMatch(/<script|[\u202A-\u202E\u2066-\u2069]/);
        expect(text).not.toMatch(/\r|\u2028|\u202E|\nBcc/);
        const depths = [...text.matchAll(/[\u2066-\u2069\n]/g)].map(([mark]) => (mark === '\u2069' ? -1 : mark === '\n' ? 0 : 1));
        let depth = 0;
        for (const step of depths) {
          depth += step;
          // Never closed before it is opened, and never open at the end of a line.
          expect(depth === 0 || (depth === 1 && step === 1)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('marks a paragraph and a subject that begin in the other script', () => {
    const arabic = letter({ ...returned, subject: 'G20: مقال', paragraphs: ['Markaz يرحب بك.', phrase`${'Water'} مقالك.`, '2026'] });
    expect(arabic.subject).toBe('\u200FG20: مقال');
    expect(arabic.text).toContain('\u200FMarkaz يرحب بك.\n\n\u200F\u2068Water\u2069 مقالك.\n\n2026\n\n');
    const english = letter({ ...returned, lang: 'en', subject: 'ماء: an article', paragraphs: [phrase`${'ماء'} is yours.`] });
    expect(english.subject).toBe('\u200Eماء: an article');
    expect(english.text).toMatch(/^\u200E\u2068ماء\u2069 is yours\.\n/);
  });

  it('lets no value break out of its isolate, its line or its element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const evil = `${value}\u2069\u202E\r\nBcc: x\u2028<script>"'${value}`;
        const { subject, text, html } = letter({
          ...returned,
          subject: `س ${evil}`,
          paragraphs: [phrase`قبل ${evil} بعد`, phrase`ثم ${ltr(evil)}`],
        });
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
        const [first = '', second = ''] = text.split('\n\n');
        expect(first).toMatch(/^\u200F?قبل \u2068[^\u2066-\u2069\u202A-\u202E\n\r\u2028\u2029]*\u2069 بعد$/);
        expect(second).toMatch(/^\u200F?ثم \u2066[^\u2066-\u2069\u202A-\u202E\n\r\u2028\u2029]*\u2069$/);
        expect(html.match(/<script/g)).toBeNull();
        expect(/[\u202A-\u202E\u2066-\u2069]/.test(html)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
