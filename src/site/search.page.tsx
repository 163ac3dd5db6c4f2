import type { ComponentChildren, JSX } from 'preact';
import type { SearchService } from '../search/search.service.js';
import type { SectionOutline } from '../sections/sections.service.js';
import { LANGS, dirOf, type Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { SCRIPTS } from './assets.js';
import { Cards, Pages } from './cards.js';
import type { Frame } from './frame.service.js';
import { hrefOf, queryOf } from './links.js';
import { LANGUAGE_NAMES, shell, suggestingIn } from './shell.js';

type Results = Awaited<ReturnType<SearchService['read']>>;
type Reason = NonNullable<Results['reason']>;
type Rung = NonNullable<Results['answeredBy']>;

/** What was asked for. */
export interface Sought {
  /** Undefined: nothing yet. */
  readonly q: string | undefined;
  /** Of the texts, and so of the page. */
  readonly lang: Lang | undefined;
  readonly section: string | undefined;
  readonly author: string | undefined;
  readonly year: string | undefined;
}

type Filter = Exclude<keyof Sought, 'q'>;

interface Words {
  readonly title: string;
  readonly labels: Readonly<Record<'q' | Filter, string>>;
  /** For no filter. */
  readonly any: Readonly<Record<Filter, string>>;
  readonly search: string;
  readonly found: string;
  readonly about: string;
  readonly reasons: Readonly<Record<Reason, string>>;
  /** How the results differ from what was typed. */
  readonly rungs: Readonly<Partial<Record<Rung, string>>>;
  readonly meant: string;
  readonly partial: string;
  readonly narrow: string;
  readonly widen: string;
  readonly labelsOfPages: { readonly first: string; readonly next: string };
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    title: 'البحث',
    labels: { q: 'ما تبحث عنه', section: 'القسم', author: 'الكاتب', year: 'السنة', lang: 'اللغة' },
    any: { section: 'كل الأقسام', author: 'كل الكتّاب', year: 'كل السنين', lang: 'كل اللغات' },
    search: 'ابحث',
    found: 'النتائج:',
    about: 'نحو',
    reasons: {
      empty: 'اكتب ما تبحث عنه.',
      only_marks: 'ليس فيما كتبته حروف ولا أرقام يُبحث عنها.',
      only_stop_words: 'كتبت كلمات ترد في كل نص. أضف كلمة تدل على ما تريده.',
      only_negation: 'قلت ما لا تريده. أضف كلمة تدل على ما تريده.',
      no_match: 'لا توجد مادة فيها ما كتبته. جرّب كلمات أقل أو غيرها.',
    },
    rungs: {
      skeleton: 'بعض هذه النتائج بصيغ أخرى للكلمات.',
      correction: 'لا توجد مادة فيها ما كتبته بحروفه؛ هذه نتائج ما يشبهه.',
      any_word: 'لا توجد مادة فيها كل ما كتبته؛ في هذه أكثره.',
    },
    meant: 'أتقصد:',
    partial: 'لم يشمل البحث كل المواد لطوله، فقد توجد نتائج أخرى.',
    narrow: 'تضييق النتائج',
    widen: 'أزل القيد:',
    labelsOfPages: { first: 'أول النتائج', next: 'النتائج التالية' },
  },
  en: {
    title: 'Search',
    labels: { q: 'What to look for', section: 'Section', author: 'Author', year: 'Year', lang: 'Language' },
    any: { section: 'All sections', author: 'All authors', year: 'All years', lang: 'All languages' },
    search: 'Search',
    found: 'Results:',
    about: 'about',
    reasons: {
      empty: 'Type what to look for.',
      only_marks: 'There are no letters or digits in what you typed.',
      only_stop_words: 'These words stand in every text. Add one that says what you want.',
      only_negation: 'You said what you do not want. Add a word that says what you do.',
      no_match: 'No piece holds what you typed. Try fewer words, or others.',
    },
    rungs: {
      skeleton: 'Some of these hold other forms of the words.',
      correction: 'No piece holds what you typed letter for letter; these hold what is like it.',
      any_word: 'No piece holds all that you typed; these hold most of it.',
    },
    meant: 'Did you mean:',
    partial: 'The search did not go through all pieces, for it would take too long: there may be more.',
    narrow: 'Narrow the results',
    widen: 'Remove the filter:',
    labelsOfPages: { first: 'First results', next: 'Next results' },
  },
  fr: {
    title: 'Recherche',
    labels: { q: 'Ce que vous cherchez', section: 'Rubrique', author: 'Auteur', year: 'Année', lang: 'Langue' },
    any: { section: 'Toutes les rubriques', author: 'Tous les auteurs', year: 'Toutes les années', lang: 'Toutes les langues' },
    search: 'Chercher',
    found: 'Résultats :',
    about: 'environ',
    reasons: {
      empty: 'Saisissez ce que vous cherchez.',
      only_marks: 'Il n’y a ni lettre ni chiffre dans votre saisie.',
      only_stop_words: 'Ces mots sont dans tous les textes. Ajoutez-en un qui dise ce que vous voulez.',
      only_negation: 'Vous avez dit ce que vous ne voulez pas. Ajoutez un mot qui dise ce que vous voulez.',
      no_match: 'Aucun article ne contient votre saisie. Essayez moins de mots, ou d’autres.',
    },
    rungs: {
      skeleton: 'Certains résultats contiennent d’autres formes des mots.',
      correction: 'Aucun article ne contient votre saisie à la lettre ; ceux-ci contiennent ce qui lui ressemble.',
      any_word: 'Aucun article ne contient toute votre saisie ; ceux-ci en contiennent la plus grande partie.',
    },
    meant: 'Vouliez-vous dire :',
    partial: 'La recherche n’a pas parcouru tous les articles, faute de temps : il peut y avoir d’autres résultats.',
    narrow: 'Affiner les résultats',
    widen: 'Retirer le filtre :',
    labelsOfPages: { first: 'Premiers résultats', next: 'Résultats suivants' },
  },
};

/** Links of a facet that are shown, the most first. */
const MOST = 10;

interface SearchPage {
  readonly sought: Sought;
  readonly around: SectionOutline;
  readonly frame: Frame;
  /** Null before anything was asked for. */
  readonly results: Results | null;
  readonly cursor: string | undefined;
}

/** A form, and what it found. It is listed nowhere: whoever lists pages would search without end. */
export function searchPage({ sought, around, frame, results, cursor }: SearchPage): string {
  const lang = sought.lang ?? frame.home;
  const words = WORDS[lang];
  const { lang: asked, ...parameters } = sought;
  return shell({
    lang,
    title: sought.q ? `${words.title}: ${[...sought.q].slice(0, 200).join('')}` : words.title,
    site: frame,
    isSearch: true,
    scripts: [SCRIPTS.search],
    parameters: queryOf(parameters) || undefined,
    children: (
      <>
        <h1>{words.title}</h1>
        <Form {...{ sought, around, lang }} />
        {results !== null && <Found {...{ sought, results, lang }} />}
        {results !== null && results.items.length > 0 && <Cards {...{ cards: results.items, lang, asked, level: 2 }} />}
        {results !== null && (
          <Pages {...{ path: ['search'], lang, asked, cursor, next: results.nextCursor, parameters, labels: words.labelsOfPages }} />
        )}
        {results !== null && <Narrower {...{ sought, around, results, lang }} />}
      </>
    ),
  });
}

function Form({ sought, around, lang }: { sought: Sought; around: SectionOutline; lang: Lang }): JSX.Element {
  const words = WORDS[lang];
  return (
    <form method="get" action="/search" class="fields search" role="search">
      <div class="field">
        <label for="q">{words.labels.q}</label>
        <input id="q" name="q" type="search" dir="auto" value={sought.q ?? ''} maxLength={200} {...suggestingIn(lang)} />
      </div>
      <div class="field">
        <label for="section">{words.labels.section}</label>
        <select id="section" name="section">
          <option value="">{words.any.section}</option>
          {around.sections.map(({ id, slug, name, level }) => {
            const { text, lang: own, dir } = phraseIn(name, lang, around.home)!;
            const selected = sought.section === slug || sought.section === String(id);
            return (
              <option value={slug} lang={own} dir={dir} selected={selected}>
                {`${'— '.repeat(level - 1)}${text}`}
              </option>
            );
          })}
        </select>
      </div>
      <div class="field">
        <label for="year">{words.labels.year}</label>
        <input
          id="year"
          name="year"
          type="text"
          inputMode="numeric"
          dir="ltr"
          pattern="[1-9][0-9]{3}"
          maxLength={4}
          value={sought.year ?? ''}
        />
      </div>
      <div class="field">
        <label for="lang">{words.labels.lang}</label>
        <select id="lang" name="lang">
          <option value="">{words.any.lang}</option>
          {LANGS.map((one) => (
            <option value={one} lang={one} dir={dirOf(one)} selected={one === sought.lang}>
              {LANGUAGE_NAMES[one]}
            </option>
          ))}
        </select>
      </div>
      {sought.author !== undefined && <input type="hidden" name="author" value={sought.author} />}
      <button type="submit">{words.search}</button>
    </form>
  );
}

/** How much there is, or why there is nothing. */
function Found({ sought, results, lang }: { sought: Sought; results: Results; lang: Lang }): JSX.Element {
  const words = WORDS[lang];
  const { total, totalApproximate, reason, didYouMean, answeredBy, partial } = results;
  const { q: _, lang: asked, ...filters } = sought;
  const note = answeredBy === null ? undefined : words.rungs[answeredBy];
  return (
    <div class="found" role="status">
      {total > 0 && (
        <p>
          {words.found} {totalApproximate && `${words.about} `}
          {total.toLocaleString('en')}
        </p>
      )}
      {reason !== undefined && <p>{words.reasons[reason]}</p>}
      {note !== undefined && <p class="quiet">{note}</p>}
      {didYouMean !== undefined && (
        <p>
          {words.meant}{' '}
          <a href={hrefOf(['search'], asked, { q: didYouMean, ...filters })}>
            <bdi>{didYouMean}</bdi>
          </a>
        </p>
      )}
      {partial && <p class="quiet">{words.partial}</p>}
    </div>
  );
}

interface Choice {
  readonly value: string;
  readonly label: ComponentChildren;
  readonly count: number;
}

/** Filters as links: those that hold can be taken away, others added. */
function Narrower({
  sought,
  around,
  results,
  lang,
}: Pick<SearchPage, 'sought' | 'around'> & { results: Results; lang: Lang }): JSX.Element | null {
  const words = WORDS[lang];
  const { section, author, year, lang: langs } = results.facets;
  const hrefWith = (filter: Filter, value: string | undefined): string => {
    const { lang: asked, ...parameters } = { ...sought, [filter]: value };
    return hrefOf(['search'], asked, parameters);
  };
  const named = ({ slug, name, count }: (typeof section)[number]): Choice => ({ value: slug, label: <bdi>{name}</bdi>, count });
  const choices: Readonly<Record<Filter, readonly Choice[]>> = {
    section: section.map(named),
    author: author.map(named),
    year: year.map((one) => ({ value: String(one.year), label: one.year, count: one.count })),
    lang: langs.map((one) => ({ value: one.lang, label: <bdi lang={one.lang}>{LANGUAGE_NAMES[one.lang]}</bdi>, count: one.count })),
  };
  const filters = Object.keys(choices) as Filter[];
  const held = filters.filter((filter) => sought[filter] !== undefined);
  const open = filters.filter((filter) => sought[filter] === undefined && choices[filter].length > 1);
  if (held.length + open.length === 0) return null;
  const heldName = (filter: Filter): ComponentChildren => {
    const value = sought[filter]!;
    if (filter === 'lang') return LANGUAGE_NAMES[value as Lang];
    const known = filter === 'section' ? around.sections.find(({ id, slug }) => slug === value || String(id) === value) : undefined;
    if (known !== undefined) return phraseIn(known.name, lang, around.home)!.text;
    return choices[filter].find((choice) => choice.value === value)?.label ?? value;
  };
  return (
    <aside class="facets" aria-label={words.narrow}>
      {held.length > 0 && (
        <ul>
          {held.map((filter) => (
            <li>
              <a href={hrefWith(filter, undefined)} rel="nofollow">
                {words.widen} {words.labels[filter]} <bdi>{heldName(filter)}</bdi>
              </a>
            </li>
          ))}
        </ul>
      )}
      {open.map((filter) => (
        <section>
          <h2>{words.labels[filter]}</h2>
          <ul>
            {choices[filter].slice(0, MOST).map(({ value, label, count }) => (
              <li>
                <a href={hrefWith(filter, value)} rel="nofollow">
                  {label}
                </a>{' '}
                <span class="quiet">({count.toLocaleString('en')})</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </aside>
  );
}
