import type { ComponentChildren, JSX } from 'preact';
import type { Cards as CardsRead } from '../articles/articles.service.js';
import type { ReadSection } from '../sections/sections.service.js';
import type { Lang } from '../text/language.js';
import { phraseIn, type Wording } from '../text/wording.js';
import { Cards, NothingYet, Pages } from './cards.js';
import type { Frame } from './frame.service.js';
import { hrefOf, queryOf } from './links.js';
import { Phrased } from './phrased.js';
import { shell } from './shell.js';
import { sideOf } from './side.js';

interface Words {
  /** Over names of lists. */
  readonly kinds: Readonly<Record<'section' | 'series' | 'tag', string>>;
  readonly path: string;
  readonly below: string;
  /** Of the title of a further page. */
  readonly older: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: { kinds: { section: 'قسم', series: 'ملف', tag: 'وسم' }, path: 'مكان القسم', below: 'الأقسام الفرعية', older: 'مواد أقدم' },
  en: { kinds: { section: 'Section', series: 'Series', tag: 'Tag' }, path: 'Where this section stands', below: 'Subsections', older: 'older pieces' },
  fr: { kinds: { section: 'Rubrique', series: 'Dossier', tag: 'Mot-clé' }, path: 'Place de cette rubrique', below: 'Sous-rubriques', older: 'articles plus anciens' },
}; // prettier-ignore

/** Entries on a page of a list. */
export const ON_A_PAGE = 20;

/** Where a list page is, and how it was asked for. */
export interface Listed {
  readonly origin: string;
  readonly path: readonly (string | number)[];
  /** The language that the address names. */
  readonly asked: Lang | undefined;
  /** As it stands in the address. */
  readonly cursor: string | undefined;
  readonly frame: Frame;
}

interface ListPage {
  readonly listed: Listed;
  readonly kind: 'section' | 'series' | 'tag';
  readonly about: { readonly name: Wording; readonly description: Wording };
  readonly cards: CardsRead;
  /** At the top, above what is listed or listed itself. */
  readonly section?: string;
  /** Over and under the name. */
  readonly over?: ComponentChildren;
  readonly under?: ComponentChildren;
}

/** The pieces of a section, with what it stands in and what stands in it. */
export function sectionPage({ listed, section, cards }: Pick<ListPage, 'listed' | 'cards'> & { readonly section: ReadSection }): string {
  const { asked, frame } = listed;
  const lang = asked ?? frame.home;
  const words = WORDS[lang];
  const named = ({ slug, name }: ReadSection['above'][number]): JSX.Element => (
    <li>
      <a href={hrefOf(['sections', slug], asked)}>
        <Phrased of={name} lang={lang} home={frame.home} />
      </a>
    </li>
  );
  return listPage({
    listed,
    kind: 'section',
    about: section,
    cards,
    section: (section.above[0] ?? section).slug,
    over: section.above.length > 0 && (
      <nav class="path" aria-label={words.path}>
        <ol>{section.above.map(named)}</ol>
      </nav>
    ),
    under: section.below.length > 0 && (
      <nav class="below" aria-label={words.below}>
        <ul>{section.below.map(named)}</ul>
      </nav>
    ),
  });
}

/** The pieces of a section, a series or a tag, the newest first. */
export function listPage({ listed, kind, about, cards, section, over, under }: ListPage): string {
  const { asked, cursor, path, origin, frame } = listed;
  const { home } = frame;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const name = phraseIn(about.name, lang, home)!;
  const description = phraseIn(about.description, lang, home);
  return shell({
    lang,
    title: cursor === undefined ? name.text : `${name.text} (${words.older})`,
    site: frame,
    side: sideOf(frame, lang),
    section,
    canonical: `${origin}${hrefOf(path, undefined, { cursor })}`,
    parameters: queryOf({ cursor }) || undefined,
    children: (
      <>
        {over}
        <p class="kicker">{words.kinds[kind]}</p>
        <h1 lang={name.lang} dir={name.dir}>
          {name.text}
        </h1>
        {description !== null && (
          <p class="summary" lang={description.lang} dir={description.dir}>
            {description.text}
          </p>
        )}
        {under}
        {cards.items.length === 0 ? <NothingYet lang={lang} /> : <Cards {...{ cards: cards.items, lang, asked }} />}
        <Pages {...{ path, lang, asked, cursor, next: cards.nextCursor }} />
      </>
    ),
  });
}
