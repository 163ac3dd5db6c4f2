import type { JSX } from 'preact';
import type { ArticleCard } from '../articles/article-card.js';
import type { PublicPicture } from '../media/picture.js';
import { dirOf, type Lang } from '../text/language.js';
import { hrefOf } from './links.js';

interface Words {
  readonly corrected: string;
  readonly older: string;
  readonly newest: string;
  readonly none: string;
  readonly pages: string;
  /** Between names. */
  readonly comma: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: { corrected: 'صُحّحت', older: 'أقدم', newest: 'الأحدث', none: 'لم يُنشر شيء هنا بعد.', pages: 'صفحات القائمة', comma: '، ' },
  en: { corrected: 'Corrected', older: 'Older', newest: 'Newest', none: 'Nothing has been published here yet.', pages: 'Pages of the list', comma: ', ' },
  fr: { corrected: 'Corrigé', older: 'Plus anciens', newest: 'Les plus récents', none: 'Rien n’a encore été publié ici.', pages: 'Pages de la liste', comma: ', ' },
}; // prettier-ignore

/** A list of pieces and how it is shown. */
interface CardsProps {
  readonly cards: readonly (ArticleCard & { readonly snippet?: string })[];
  /** Of the page. */
  readonly lang: Lang;
  /** As the address names it. */
  readonly asked: Lang | undefined;
  /** Of the headings: one below what stands over the list. */
  readonly level?: 2 | 3;
}

/** Pieces as lists show them, each in its own language and direction. */
export function Cards({ cards, lang, asked, level = 2 }: CardsProps): JSX.Element {
  return (
    <ul class="cards">
      {cards.map((card) => (
        <li>
          <Card {...{ card, lang, asked, level }} />
        </li>
      ))}
    </ul>
  );
}

/** One piece; where it was searched for, with the part of its text that was found. */
export function Card({
  card,
  lang,
  asked,
  level,
}: Omit<CardsProps, 'cards'> & { readonly card: CardsProps['cards'][number] }): JSX.Element {
  const words = WORDS[lang];
  const Heading = level === 3 ? 'h3' : 'h2';
  const href = hrefOf(['articles', card.id, card.slug], asked);
  return (
    <article class="card">
      {card.cover !== null && <Cover href={href} cover={card.cover} />}
      <div lang={card.lang} dir={dirOf(card.lang)}>
        {card.kicker !== null && <p class="kicker">{card.kicker}</p>}
        <Heading>
          <a href={href}>{card.title}</a>
        </Heading>
        <p class="byline">
          {card.byline.map(({ slug, name, role }, index) => (
            <>
              {index > 0 && words.comma}
              <a href={hrefOf(['authors', slug], asked)}>
                <bdi>{name}</bdi>
              </a>
              {role !== null && (
                <>
                  {' ('}
                  <bdi>{role}</bdi>)
                </>
              )}
            </>
          ))}
        </p>
        {card.snippet === undefined ? (
          <p class="summary">{card.summary}</p>
        ) : (
          // Escaped by the search, which marks in it what it found.
          <p class="summary" dangerouslySetInnerHTML={{ __html: card.snippet }} />
        )}
        <p class="quiet">
          <a href={hrefOf(['sections', card.section.slug], asked)}>
            <bdi>{card.section.name}</bdi>
          </a>
          {' · '}
          <time datetime={card.publishedAt}>{card.dateline}</time>
          {card.status === 'corrected' && (
            <>
              {' · '}
              <span class="status" lang={lang} dir={dirOf(lang)}>
                {words.corrected}
              </span>
            </>
          )}
        </p>
      </div>
    </article>
  );
}

/** Leads where the title leads, which says so: nobody has to hear or pass it twice. */
function Cover({ href, cover }: { href: string; cover: PublicPicture }): JSX.Element {
  return (
    <a class="cover" href={href} tabIndex={-1} aria-hidden="true">
      <Picture picture={cover} within={640} alt="" />
    </a>
  );
}

/** A small picture that loads when it comes into view. @param within the most pixels that it is wide in its file */
export function Picture({ picture, within, alt = picture.alt }: { picture: PublicPicture; within: number; alt?: string }): JSX.Element {
  const fitting = picture.renditions.findLast(({ type, width }) => type === 'image/webp' && width <= within);
  const { url, width, height } = fitting ?? picture;
  return <img src={new URL(url).pathname} {...{ alt, width, height }} loading="lazy" decoding="async" />;
}

interface PagesProps {
  readonly path: readonly (string | number)[];
  readonly lang: Lang;
  readonly asked: Lang | undefined;
  /** Of this page; undefined on the first. */
  readonly cursor: string | undefined;
  /** Of the next; null on the last. */
  readonly next: string | null;
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  /** Other words for the first and the next page than of a list in the order of time. */
  readonly labels?: { readonly first: string; readonly next: string };
}

/** To the next page of a list, and back to its beginning. */
export function Pages({ path, lang, asked, cursor, next, parameters = {}, labels }: PagesProps): JSX.Element | null {
  const words = WORDS[lang];
  if (next === null && cursor === undefined) return null;
  return (
    <nav class="pages" aria-label={words.pages}>
      <ul>
        {cursor !== undefined && (
          <li>
            <a href={hrefOf(path, asked, parameters)}>{labels?.first ?? words.newest}</a>
          </li>
        )}
        {next !== null && (
          <li>
            <a rel="next" href={hrefOf(path, asked, { ...parameters, cursor: next })}>
              {labels?.next ?? words.older}
            </a>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** Said where a list is empty. */
export function NothingYet({ lang }: { lang: Lang }): JSX.Element {
  return <p class="quiet">{WORDS[lang].none}</p>;
}
