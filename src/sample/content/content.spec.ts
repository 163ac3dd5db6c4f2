import { LANGS } from '../../text/language.js';
import { SAMPLE } from './content.js';

describe('the sample articles', () => {
  const times = SAMPLE.articles.map(({ publishedAt }) => publishedAt);
  const translated = SAMPLE.articles.flatMap(({ publishedAt, translation }) =>
    translation ? [[publishedAt, translation.publishedAt]] : [],
  );

  it('stand oldest first, no two at one instant, and all before 2026, so that a machine whose clock is slow can publish them', () => {
    const all = [...times, ...translated.map(([, translation]) => translation ?? '')];
    expect(times).toEqual(times.toSorted());
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((time) => !(time < '2026-01-01T00:00:00Z'))).toEqual([]);
  });

  it('are translated after they were written', () => {
    expect(translated.filter(([original = '', translation = '']) => translation <= original)).toEqual([]);
  });

  it('count four long ones of at least 610 words between spaces', () => {
    const counts = SAMPLE.articles.map(({ key, body }): [string, number] => [
      key,
      body
        .replace(/<[^>]+>/g, ' ')
        .trim()
        .split(/\s+/).length,
    ]);
    const long = counts.filter(([, count]) => count >= 610).map(([key]) => key);
    expect(long).toEqual(['digital-archive', 'arabic-computing', 'water-shared-decision', 'city-heat']);
    expect(counts.filter(([key, count]) => !long.includes(key) && count > 300)).toEqual([]);
  });
});

it('the sample poll asks in three languages, different things in each, beside a piece of the sample', () => {
  const { question, intro, options, article } = SAMPLE.poll;
  for (const lang of LANGS) {
    expect([question[lang], intro[lang]]).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(options.map((label) => label[lang])).size).toBe(options.length);
  }
  expect(SAMPLE.articles.map(({ key }) => key)).toContain(article);
});
