import type { Cards as CardsRead } from '../articles/articles.service.js';
import type { ReadAuthor, ReadAuthors } from '../authors/authors.service.js';
import type { Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { Cards, NothingYet, Pages, Picture } from './cards.js';
import { hrefOf, queryOf } from './links.js';
import type { Listed } from './list.page.js';
import { Phrased } from './phrased.js';
import { shell } from './shell.js';

interface Words {
  readonly authors: string;
  readonly links: string;
  readonly pieces: string;
  readonly labels: { readonly first: string; readonly next: string };
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: { authors: 'الكتّاب', links: 'روابط', pieces: 'المواد', labels: { first: 'أول القائمة', next: 'التالي' } },
  en: { authors: 'Authors', links: 'Links', pieces: 'Pieces', labels: { first: 'Beginning', next: 'Next' } },
  fr: { authors: 'Auteurs', links: 'Liens', pieces: 'Articles', labels: { first: 'Début', next: 'Suite' } },
};

/** Everybody who has something published, by name. */
export function authorsPage({ listed, read }: { readonly listed: Listed; readonly read: ReadAuthors }): string {
  const { asked, cursor, path, origin, frame } = listed;
  const { home } = frame;
  const { authors, next } = read;
  const lang = asked ?? home;
  const words = WORDS[lang];
  return shell({
    lang,
    title: words.authors,
    site: frame,
    canonical: `${origin}${hrefOf(path, undefined, { cursor })}`,
    parameters: queryOf({ cursor }) || undefined,
    children: (
      <>
        <h1>{words.authors}</h1>
        {authors.length === 0 && <NothingYet lang={lang} />}
        <ul class="people">
          {authors.map(({ slug, name, affiliation, portrait }) => (
            <li>
              {portrait !== null && <Picture picture={portrait} within={320} alt="" />}
              <a href={hrefOf(['authors', slug], asked)}>
                <Phrased of={name} lang={lang} home={home} />
              </a>
              {phraseIn(affiliation, lang, home) !== null && (
                <span class="quiet">
                  <Phrased of={affiliation} lang={lang} home={home} />
                </span>
              )}
            </li>
          ))}
        </ul>
        <Pages {...{ path, lang, asked, cursor, next, labels: words.labels }} />
      </>
    ),
  });
}

interface AuthorPage {
  readonly listed: Listed;
  readonly author: ReadAuthor;
  readonly cards: CardsRead;
}

/** Who somebody is, and what they have written. */
export function authorPage({ listed, author, cards }: AuthorPage): string {
  const { asked, cursor, path, origin, frame } = listed;
  const { home } = frame;
  const { portrait, orcid, links } = author;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const name = phraseIn(author.name, lang, home)!;
  const affiliation = phraseIn(author.affiliation, lang, home);
  const bio = phraseIn(author.bio, lang, home);
  return shell({
    lang,
    title: name.text,
    site: frame,
    canonical: `${origin}${hrefOf(path, undefined, { cursor })}`,
    image: portrait,
    parameters: queryOf({ cursor }) || undefined,
    children: (
      <>
        <div class="person">
          {portrait !== null && <Picture picture={portrait} within={320} />}
          <h1 lang={name.lang} dir={name.dir}>
            {name.text}
          </h1>
          {affiliation !== null && (
            <p class="quiet" lang={affiliation.lang} dir={affiliation.dir}>
              {affiliation.text}
            </p>
          )}
          {bio !== null && (
            <div class="bio" lang={bio.lang} dir={bio.dir}>
              {bio.text.split(/\n\n+/).map((paragraph) => (
                <p>{paragraph}</p>
              ))}
            </div>
          )}
          {(orcid !== null || links.length > 0) && (
            <nav aria-label={words.links}>
              <ul>
                {orcid !== null && (
                  <li>
                    <a href={`https://orcid.org/${orcid}`}>
                      ORCID <bdi dir="ltr">{orcid}</bdi>
                    </a>
                  </li>
                )}
                {links.map(({ label, url }) => (
                  <li>
                    <a href={url}>
                      <bdi>{label}</bdi>
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
          )}
        </div>
        <h2>{words.pieces}</h2>
        {cards.items.length === 0 ? <NothingYet lang={lang} /> : <Cards {...{ cards: cards.items, lang, asked, level: 3 }} />}
        <Pages {...{ path, lang, asked, cursor, next: cards.nextCursor }} />
      </>
    ),
  });
}
