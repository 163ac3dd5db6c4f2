import fc from 'fast-check';
import { senderName } from './sender-name.js';
import { withoutLinks } from './share-message.js';

describe('a sender’s name', () => {
  it.each([
    ['سلمى الحكيم', 'سلمى الحكيم'],
    ['  محمّد  بن   علي ', 'محمّد بن علي'],
    ['مَرْيَمُ', 'مَرْيَمُ'],
    ['می\u200Cرا', 'می\u200Cرا'],
    ['عبد\u200Cالله', 'عبدالله'],
    ['O’Neill', 'O’Neill'],
    ["Jean-Luc D'Arc", "Jean-Luc D'Arc"],
    ['ʿAbd al-Raḥmān', 'ʿAbd al-Raḥmān'],
    ['Cafe\u0301', 'Café'],
    ['Ali علي', 'Ali علي'],
    ['山田たろう', '山田たろう'],
    ['Анна-Мария', 'Анна-Мария'],
    ['Martin Luther King Jr.', 'Martin Luther King Jr.'],
    ['د.سالم', 'د. سالم'],
    ['أ.د.سالم', 'أ. د. سالم'],
    ['J.R.Smith', 'J. R. Smith'],
    ['J. R. Smith', 'J. R. Smith'],
    ['J.-L. Martin', 'J.-L. Martin'],
    ['J. R. R. Tolkien', 'J. R. R. Tolkien'],
    ['عبد الله', 'عبد الله'],
    ['محمّد', 'محمّد'],
    ['李小龍', '李小龍'],
  ])('%s is written %s', (typed, written) => expect(senderName(typed)).toBe(written));

  it.each([
    ['one letter', 'س'],
    ['one letter and a dot', 'س.'],
    ['nothing', '  '],
    ['61 letters', 'س'.repeat(61)],
    ['a digit', 'Salma 1'],
    ['an Arabic digit', 'سلمى ١'],
    ['a Persian digit', 'سلمى ۱'],
    ['a full-width digit', 'Salma １'],
    ['a Roman numeral of its own', 'Henri Ⅳ'],
    ['a host', 'evil.example'],
    ['a host with a hyphen', 'x-y.com'],
    ['a host behind an apostrophe', "d'a.com"],
    ['a host in Arabic', 'موقع.شبكة'],
    ['a host whose dot has its space', 'Visit casino. com today'],
    ['a host in Arabic whose dot has its space', 'زر موقع كازينو. كوم'],
    ['the beginning of a host', 'www. casino'],
    ['a host of one letter', 'x.com'],
    ['a host of a messenger', 't.me'],
    ['a title without its space', 'Dr.Smith'],
    ['a dot in front', '.com'],
    ['two dots', 'J..Smith'],
    ['an ideographic full stop', 'evil。com'],
    ['a full-width full stop', 'evil．com'],
    ['a colon', 'http:evil'],
    ['a slash', 'a/b'],
    ['an @', 'salma@evil'],
    ['a comma', 'Smith, John'],
    ['angle brackets', '<b>Salma'],
    ['quotes', '"Salma"'],
    ['Latin with a Cyrillic letter', 'pаypal'],
    ['Latin and Arabic in one word', 'aعb'],
    ['a filler that is not seen', 'Sal\u3164ma'],
    ['a variation selector', 'Sal\uFE0Fma'],
    ['marks heaped up', 'Sa\u0301\u0301\u0301\u0301\u0301\u0301lma'],
    ['a mark on nothing', '- \u0301Salma'],
    ['an emoji', 'Salma 😀'],
    ['mathematical letters', '𝐒𝐚𝐥𝐦𝐚'],
  ])('with %s is refused', (_, typed) => expect(senderName(typed)).toBeNull());

  it('never reads as the name of a host, and is left as it is when it is read again', () => {
    const part = fc.constantFrom(
      'a',
      'Dr',
      'evil',
      'com',
      'د',
      'سالم',
      '.',
      '.',
      ' ',
      '-',
      "'",
      '’',
      '\u0651',
      '\u200C',
      '\u00AD',
      '\u202E',
      'б',
      '。',
      '1',
      '\r\n',
    );
    const typed = fc.oneof(
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    );
    let accepted = 0;
    fc.assert(
      fc.property(typed, (text) => {
        let name: string | null;
        try {
          name = senderName(text);
        } catch {
          // Controls and the like: `cleanLine` refuses them.
          return;
        }
        if (name === null) return;
        accepted += 1;
        expect(name).not.toMatch(/\.[\p{L}\p{N}]/u);
        expect(name).not.toMatch(/[\p{N}\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069@:/\\<>"。．]/u);
        expect(senderName(name)).toBe(name);
        expect(withoutLinks(name)).toBe(name);
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});
