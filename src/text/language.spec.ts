import { detectLang, dirOf, isLang, LANGS } from './language.js';

describe('languages', () => {
  it('writes Arabic from the right and the others from the left', () => {
    expect(LANGS.map((lang) => [lang, dirOf(lang)])).toEqual([
      ['ar', 'rtl'],
      ['en', 'ltr'],
      ['fr', 'ltr'],
    ]);
  });

  it('knows its own codes and nothing else', () => {
    expect(['ar', 'en', 'fr', 'AR', 'de', '', null, undefined, 1, ['ar']].map(isLang)).toEqual([
      true,
      true,
      true,
      ...Array.from({ length: 7 }, () => false),
    ]);
  });

  it.each([
    ['الصين والشرق الأوسط', 'ar'],
    ['قمة COP27 في شرم الشيخ', 'ar'],
    ['دور G20 و BRICS', 'en'],
    ['China and the Arab world', 'en'],
    ['Café culture in Cairo', 'en'],
    ['Belt Road Initiative', 'en'],
    ["Macron's visit to Beijing", 'en'],
    ['La Chine et le monde arabe', 'fr'],
    ["L'avenir du Nil", 'fr'],
    ['Élections égyptiennes', 'fr'],
    ['Politique e\u0301trange\u0300re', 'fr'],
    ['', 'ar'],
    ['2023', 'ar'],
  ])('reads «%s» as %s', (text, lang) => {
    expect(detectLang(text)).toBe(lang);
  });
});
