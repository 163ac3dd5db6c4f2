import { LEXICON } from '../../migrations/lexicon.js';
import { analyse } from '../text/analyser.js';
import { IRREGULAR } from '../text/arabic-words.js';
import { tracesOf } from './traces.js';

it('finds every word by its stem, as it is written', () => {
  const forms = LEXICON.flatMap((group) => group.forms);
  const words = [...forms, ...forms.map((form) => `وال${form}`), 'اللُّغَـات', 'قضايا', 'Élections', 'policies', 'الذُّرِّيَّة', 'بيجينج'];
  expect(words.length).toBeGreaterThan(1_000);
  const missed = words.filter((written) =>
    analyse(written).some(
      ({ word, stem }) => ![...IRREGULAR.keys()].some((irregular) => word.includes(irregular)) && !tracesOf([stem])!.test(written),
    ),
  );
  expect(missed).toEqual([]);
});

it('takes no letter for an operator', () => {
  for (const stem of ['c++', 'a.b', '[', 'x-y', '\\d']) expect(tracesOf([stem])!.test(stem), stem).toBe(true);
  expect(tracesOf([])).toBeNull();
});
