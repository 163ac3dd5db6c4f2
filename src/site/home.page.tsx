import type { ArticleCard } from '../articles/article-card.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { Ad } from './ad.js';
import { Card, Cards, NothingYet } from './cards.js';
import type { Frame } from './frame.service.js';
import { hrefOf } from './links.js';
import { Phrased } from './phrased.js';
import { shell } from './shell.js';
import { sideOf } from './side.js';

const WORDS: Readonly<Record<Lang, { readonly title: string; readonly newest: string }>> = {
  ar: { title: 'الصفحة الأولى', newest: 'الأحدث' },
  en: { title: 'Front page', newest: 'Newest' },
  fr: { title: 'Accueil', newest: 'Les plus récents' },
};

/** What stands where on the front page; ids of articles. */
export interface Front {
  /** Null where nothing can lead. */
  readonly lead: number | null;
  readonly newest: readonly number[];
  readonly blocks: readonly { readonly slug: string; readonly name: Wording; readonly ids: readonly number[] }[];
}

interface HomePage {
  readonly origin: string;
  readonly asked: Lang | undefined;
  readonly frame: Frame;
  readonly front: Front;
  /** What was withdrawn a moment ago is not among them, and not shown. */
  readonly cards: ReadonlyMap<number, ArticleCard>;
}

/** The front page: a lead, the newest, and some of each section. */
export function homePage({ origin, asked, frame, front, cards }: HomePage): string {
  const { home } = frame;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const cardsOf = (ids: readonly number[]): ArticleCard[] => ids.flatMap((id) => cards.get(id) ?? []);
  const [lead] = front.lead === null ? [] : cardsOf([front.lead]);
  const newest = cardsOf(front.newest);
  return shell({
    lang,
    title: words.title,
    site: frame,
    side: sideOf(frame, lang),
    canonical: `${origin}/`,
    children: (
      <>
        <h1 class="visually-hidden">{words.title}</h1>
        {cards.size === 0 && <NothingYet lang={lang} />}
        {lead !== undefined && (
          <div class="lead">
            <Card {...{ card: lead, lang, asked, level: 2 }} />
          </div>
        )}
        <Ad {...{ frame, lang }} slot="home" />
        {newest.length > 0 && (
          <section class="block">
            <h2>{words.newest}</h2>
            <Cards {...{ cards: newest, lang, asked, level: 3 }} />
          </section>
        )}
        {front.blocks.map(({ slug, name, ids }) => (
          <section class="block">
            <h2>
              <a href={hrefOf(['sections', slug], asked)}>
                <Phrased of={name} lang={lang} home={home} />
              </a>
            </h2>
            <Cards {...{ cards: cardsOf(ids), lang, asked, level: 3 }} />
          </section>
        ))}
      </>
    ),
  });
}
