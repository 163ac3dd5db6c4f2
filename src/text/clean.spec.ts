import fc from 'fast-check';
import { cleanLine, cleanText, UncleanText } from './clean.js';

const ZWNJ = '\u200C';
const ZWJ = '\u200D';

/** Strings dense in what cleaning cares about. */
const dirty = fc.string({
  unit: fc.constantFrom(
    ...'ابوءـيaée\u0301\u064E\u0651\u0654\u0653 \t\r\n\u00A0\u2028😀',
    ...`\u00AD\u061C\u200B${ZWNJ}${ZWJ}\u200E\u200F\u202A\u202E\u2060\u2066\u2069\uFEFF`,
  ),
});

function reasonOf(act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof UncleanText) return error.reason;
    throw error;
  }
}

describe('cleaning a line', () => {
  it.each([
    ['  مركز \t الدراسات\r\n', 'مركز الدراسات'],
    ['a\u00A0b\u2003c\u2028d\te\nf', 'a b c d e f'],
    ['cafe\u0301', 'café'],
    ['مُحَمَّد', 'مُحَمَّد'.normalize('NFC')],
    ['مـصـر', 'مـصـر'],
    ['\u202Egnp.exe\u202C \u2066x\u2069', 'gnp.exe x'],
    ['a\u200Bb\u200Ec\u200Fd\u061Ce\u2060f\uFEFFg\u00ADh', 'abcdefgh'],
    [`می${ZWNJ}خواهم`, `می${ZWNJ}خواهم`],
    [`بَ${ZWJ}ب`, `بَ${ZWJ}ب`],
    [`ب${ZWNJ}${ZWNJ}${ZWJ}ب`, `ب${ZWNJ}ب`],
    [`دار${ZWNJ}ها`, 'دارها'],
    [`ب${ZWNJ} ب${ZWJ}`, 'ب ب'],
    [`ab${ZWNJ}cd ب${ZWNJ}c ب${ZWNJ}ء`, 'abcd بc بء'],
    ['\u200B \u200F', ''],
    ['', ''],
  ])('%j becomes %j', (input, output) => {
    expect(cleanLine(input)).toBe(output);
  });

  it.each([
    ['a\0b', 'nul'],
    ['a\uD83D', 'lone_surrogate'],
    ['\uDE00a', 'lone_surrogate'],
    ['a\uFFFE', 'noncharacter'],
    ['a\uFDD0', 'noncharacter'],
    ['a\u{1FFFF}', 'noncharacter'],
    ['a\u0007', 'control'],
    ['a\u007F', 'control'],
    ['a\u009F', 'control'],
    ['a\u000Bb', 'control'],
    ['a\u000Cb', 'control'],
    ['a\u0085b', 'control'],
    [`a${'\u0301'.repeat(31)}`, 'marks'],
    [`a${'\u0301\u202A'.repeat(31)}`, 'marks'],
  ])('%j is refused as %s, in a line and in a body', (input, reason) => {
    expect([reasonOf(() => cleanLine(input)), reasonOf(() => cleanText(input))]).toEqual([reason, reason]);
  });

  it('changes nothing the second time, and leaves no control, no bidi control and no outer space', () => {
    fc.assert(
      fc.property(fc.oneof(dirty, fc.string({ unit: 'grapheme' })), (input) => {
        const line = reasonOf(() => cleanLine(input));
        expect(reasonOf(() => cleanLine(line))).toBe(line);
        expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]|^\s|\s$|\s\s/u);
        expect(line.normalize('NFC')).toBe(line);
      }),
    );
  });

  it('accepts thirty marks in a row', () => {
    const marked = `a\u0316${'\u0301'.repeat(29)}`;
    expect([cleanLine(marked), cleanText(marked)]).toEqual([marked.normalize('NFC'), marked.normalize('NFC')]);
  });

  it('stays fast on long runs of joiners and spaces, and refuses marks before they take quadratic time', () => {
    const started = performance.now();
    cleanLine('ب' + ZWNJ.repeat(20_000) + ' '.repeat(20_000) + `ب${ZWNJ}`.repeat(20_000));
    expect(reasonOf(() => cleanLine(`ب${`\u064E${ZWNJ}`.repeat(20_000)}`))).toBe('marks');
    const marks = 'a' + '\u0301\u0316'.repeat(50_000);
    expect([reasonOf(() => cleanLine(marks)), reasonOf(() => cleanText(marks))]).toEqual(['marks', 'marks']);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('cleaning a body', () => {
  it.each([
    ['a\r\nb\rc\n\nd', 'a\nb\nc\n\nd'],
    ['a\u2028b\u2029c', 'a\nb\nc'],
    ['\tمُـصر \u200F\u200E\u061C\u200C\u200D ', '\tمُـصر \u200F\u200E\u061C\u200C\u200D '],
    ['a\u202Ab\u202Bc\u202Cd\u202De\u202Ef\u2066g\u2067h\u2068i\u2069', 'abcdefghi'],
    ['e\u0301', 'é'],
  ])('%j becomes %j', (input, output) => {
    expect(cleanText(input)).toBe(output);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(dirty, (input) => {
        const body = reasonOf(() => cleanText(input));
        expect(reasonOf(() => cleanText(body))).toBe(body);
      }),
    );
  });
});
