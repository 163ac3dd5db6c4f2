import type { JSX } from 'preact';
import type { ArticleCard } from '../articles/article-card.js';
import type { ComposedBlock } from '../front/composition.js';
import type { ReadFront } from '../front/front.service.js';
import type { Lang } from '../text/language.js';
import { Ad } from './ad.js';
import { Card, Cards, NothingYet } from './cards.js';
import type { Frame } from './frame.service.js';
import { hrefOf } from './links.js';
import { Phrased } from './phrased.js';
import { shell } from './shell.js';
import { sideOf } from './side.js';

const WORDS: Readonly<Record<Lang, { readonly title: string; readonly newest: string; readonly picked: string }>> = {
  ar: { title: 'الصفحة الأولى', newest: 'الأحدث', picked: 'مختارات' },
  en: { title: 'Front page', newest: 'Newest', picked: 'Our choice' },
  fr: { title: 'Accueil', newest: 'Les plus récents', picked: 'Notre sélection' },
};

interface HomePage {
  readonly origin: string;
  readonly asked: Lang | undefined;
  readonly frame: Frame;
  readonly front: ReadFront;
}

/** The front page: a lead, and blocks of pieces. */
export function homePage({ origin, asked, frame, front }: HomePage): string {
  const { home } = frame;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const cardsOf = (ids: readonly number[]): ArticleCard[] => ids.flatMap((id) => front.cards.get(id) ?? []);
  const [lead] = front.lead === null ? [] : cardsOf([front.lead]);
  const blocks = front.blocks.map((block) => ({ block, cards: cardsOf(block.ids) })).filter(({ cards }) => cards.length > 0);
  return shell({
    lang,
    title: words.title,
    site: frame,
    side: sideOf(frame, lang),
    canonical: `${origin}/`,
    children: (
      <>
        <h1 class="visually-hidden">{words.title}</h1>
        {front.cards.size === 0 && <NothingYet lang={lang} />}
        {lead !== undefined && (
          <div class="lead">
            <Card {...{ card: lead, lang, asked, level: 2 }} />
          </div>
        )}
        <Ad {...{ frame, lang }} slot="home" />
        {blocks.map(({ block, cards }) => (
          <section class="block">
            <h2>
              <Heading {...{ block, lang, asked, home }} />
            </h2>
            <Cards {...{ cards, lang, asked, level: 3 }} />
          </section>
        ))}
      </>
    ),
  });
}

interface HeadingProps {
  readonly block: ComposedBlock;
  readonly lang: Lang;
  readonly asked: Lang | undefined;
  readonly home: Lang;
}

/** The title of a block, which leads to its section or series. */
function Heading({ block: { kind, slug, name }, lang, asked, home }: HeadingProps): JSX.Element {
  if (name === null) return <>{kind === 'newest' ? WORDS[lang].newest : WORDS[lang].picked}</>;
  const title = <Phrased of={name} lang={lang} home={home} />;
  return slug === null ? title : <a href={hrefOf([kind === 'series' ? 'series' : 'sections', slug], asked)}>{title}</a>;
}
