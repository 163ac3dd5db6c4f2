import type { JSX } from 'preact';
import type { Problem, Sentence } from '../http/problem.js';
import type { ReadPolls } from '../polls/polls.service.js';
import { figures, resultNotes } from '../polls/results-chart.js';
import { RESULT_WORDS } from '../polls/results-words.js';
import type { ReadPoll } from '../polls/results.service.js';
import type { VotingService } from '../polls/voting.service.js';
import { formatDateline } from '../text/dateline.js';
import { dirOf, type Lang } from '../text/language.js';
import { SCRIPTS } from './assets.js';
import { NothingYet, Pages } from './cards.js';
import type { Frame } from './frame.service.js';
import { hrefOf, queryOf } from './links.js';
import type { Listed } from './list.page.js';
import { PrivacyLink } from './privacy-link.js';
import { shell } from './shell.js';
import { Progress, workForm } from './work-form.js';

type Poll = ReadPoll['poll'];
type Results = Extract<ReadPoll['results'], { options: unknown }>;
type Vote = NonNullable<Awaited<ReturnType<VotingService['voteOf']>>>;

interface Words {
  readonly polls: string;
  readonly open: string;
  readonly closed: string;
  readonly choose: (most: number) => string;
  readonly vote: string;
  readonly answers: string;
  /** Of a vote that no script has done the work for. */
  readonly reviewed: string;
  readonly email: string;
  readonly emailHint: string;
  readonly consent: string;
  readonly cookie: string;
  readonly results: string;
  readonly superseded: string;
  readonly refused: string;
  readonly statuses: Readonly<Record<Vote['status'], { readonly title: string; readonly text: string }>>;
  readonly receipt: string;
  readonly keep: string;
  readonly back: string;
  readonly labels: { readonly first: string; readonly next: string };
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    polls: 'الاستطلاعات',
    open: 'مفتوحة للتصويت',
    closed: 'أُغلقت',
    choose: (most) => (most === 1 ? 'اختر إجابة واحدة' : `اختر إجابة أو أكثر، ${most} على الأكثر`),
    vote: 'صوّت',
    answers: 'الإجابات',
    reviewed: 'الصوت المرسل من هذه الصفحة من دون JavaScript ينظر فيه أحد المحررين قبل احتسابه، ولا يرى ما اختاره أحد.',
    email: 'بريدك الإلكتروني',
    emailHint: 'يُحسب الصوت في هذا الاستطلاع بعد تأكيده من رسالة نرسلها إليك. ثم لا نحتفظ بعنوانك، بل ببصمة منه ليكون لكل عنوان صوت واحد.',
    consent: 'أوافق على أن ترسلوا إليّ رسالة التأكيد',
    cookie: 'نضع في متصفحك عند التصويت، وليس قبله، ملف ارتباط واحدًا حتى لا يُحسب الصوت مرتين.',
    results: 'النتائج',
    superseded: 'في هذا الاستطلاع خطأ، وحل محله استطلاع آخر:',
    refused: 'لم يُسجَّل صوت',
    statuses: {
      counted: { title: 'حُسب صوتك', text: 'شكرًا لمشاركتك.' },
      under_review: { title: 'وصل صوتك، وهو قيد المراجعة', text: 'ينظر فيه أحد المحررين قبل احتسابه، ولا يرى ما اختاره أحد.' },
      awaiting_confirmation: { title: 'بقيت خطوة: افتح بريدك', text: 'يُحسب صوتك بعد أن تؤكده من الرسالة التي أرسلناها إليك.' },
      removed: { title: 'استُبعد صوتك', text: 'استُبعد مع أصوات أخرى. يُذكر السبب مع النتيجة.' },
    },
    receipt: 'إيصالك:',
    keep: 'احتفظ به: به تعرف في أي وقت هل صوتك محسوب، ولا يدل على ما اخترته.',
    back: 'إلى صفحة الاستطلاع',
    labels: { first: 'أول القائمة', next: 'أقدم' },
  },
  en: {
    polls: 'Polls',
    open: 'Open',
    closed: 'Closed',
    choose: (most) => (most === 1 ? 'Choose one answer' : `Choose one or more answers, ${most} at most`),
    vote: 'Vote',
    answers: 'Answers',
    reviewed: 'A vote sent from this page without JavaScript is looked at by an editor before it counts, who sees nobody’s choice.',
    email: 'Your e-mail address',
    emailHint:
      'A vote in this poll counts once you confirm it from a letter that we send you. After that your address is not kept, only a hash of it, so that each address has one vote.',
    consent: 'I agree to be sent the letter of confirmation',
    cookie: 'When you vote, and not before, we set one cookie in your browser, so that no vote counts twice.',
    results: 'Results',
    superseded: 'There is a mistake in this poll, and another one has taken its place:',
    refused: 'No vote was stored',
    statuses: {
      counted: { title: 'Your vote is counted', text: 'Thank you for taking part.' },
      under_review: {
        title: 'Your vote has arrived and is under review',
        text: 'An editor looks at it before it is counted, and sees nobody’s choice.',
      },
      awaiting_confirmation: {
        title: 'One step is left: open your mail',
        text: 'Your vote counts once you confirm it from the letter that we sent you.',
      },
      removed: { title: 'Your vote was removed', text: 'It was removed together with others. The results say why.' },
    },
    receipt: 'Your receipt:',
    keep: 'Keep it: it shows at any time whether your vote counts, and does not show what you chose.',
    back: 'To the poll’s page',
    labels: { first: 'Beginning', next: 'Older' },
  },
  fr: {
    polls: 'Consultations',
    open: 'Ouvertes',
    closed: 'Closes',
    choose: (most) => (most === 1 ? 'Choisissez une réponse' : `Choisissez une ou plusieurs réponses, ${most} au plus`),
    vote: 'Voter',
    answers: 'Réponses',
    reviewed:
      'Un vote envoyé depuis cette page sans JavaScript est examiné par la rédaction avant d’être compté, sans qu’elle voie le choix de personne.',
    email: 'Votre adresse électronique',
    emailHint:
      'Un vote dans cette consultation compte une fois confirmé depuis un message que nous vous envoyons. Ensuite votre adresse n’est pas conservée, seulement une empreinte, pour que chaque adresse n’ait qu’une voix.',
    consent: 'J’accepte de recevoir le message de confirmation',
    cookie: 'Quand vous votez, et pas avant, nous plaçons un seul cookie dans votre navigateur, pour qu’aucun vote ne compte deux fois.',
    results: 'Résultats',
    superseded: 'Cette consultation contient une erreur ; une autre l’a remplacée :',
    refused: 'Aucun vote n’a été enregistré',
    statuses: {
      counted: { title: 'Votre vote est compté', text: 'Merci de votre participation.' },
      under_review: {
        title: 'Votre vote est arrivé et sera vérifié',
        text: 'Un membre de la rédaction l’examine avant qu’il ne soit compté, sans voir le choix de personne.',
      },
      awaiting_confirmation: {
        title: 'Encore une étape : ouvrez votre messagerie',
        text: 'Votre vote comptera quand vous l’aurez confirmé depuis le message que nous vous avons envoyé.',
      },
      removed: { title: 'Votre vote a été retiré', text: 'Il a été retiré avec d’autres. Les résultats disent pourquoi.' },
    },
    receipt: 'Votre reçu :',
    keep: 'Gardez-le : il montre à tout moment si votre vote compte, et ne montre pas ce que vous avez choisi.',
    back: 'Vers la page de la consultation',
    labels: { first: 'Début', next: 'Plus anciennes' },
  },
};

interface PollsPage {
  readonly listed: Listed;
  /** On the first page alone. */
  readonly open: readonly Poll[];
  readonly closed: ReadPolls;
}

/** Polls that are open, then those that were. */
export function pollsPage({ listed, open, closed }: PollsPage): string {
  const { asked, cursor, path, origin, frame } = listed;
  const { zone, polls, next } = closed;
  const lang = asked ?? frame.home;
  const words = WORDS[lang];
  const list = (title: string, items: readonly Poll[]): JSX.Element | null =>
    items.length === 0 ? null : (
      <section>
        <h2>{title}</h2>
        <ul class="polls">
          {items.map((poll) => (
            <li>
              <h3>
                <a href={hrefOf(['polls', poll.id], asked)}>
                  <bdi lang={poll.lang} dir={poll.dir}>
                    {poll.question}
                  </bdi>
                </a>
              </h3>
              <Times {...{ poll, lang, zone }} />
            </li>
          ))}
        </ul>
      </section>
    );
  return shell({
    lang,
    title: words.polls,
    site: frame,
    canonical: `${origin}${hrefOf(path, undefined, { cursor })}`,
    parameters: queryOf({ cursor }) || undefined,
    children: (
      <>
        <h1>{words.polls}</h1>
        {open.length + polls.length === 0 && <NothingYet lang={lang} />}
        {list(words.open, open)}
        {list(words.closed, polls)}
        <Pages {...{ path, lang, asked, cursor, next, labels: words.labels }} />
      </>
    ),
  });
}

interface PollPage {
  readonly lang: Lang;
  readonly asked: Lang | undefined;
  readonly read: ReadPoll;
  /** Around what everybody sees. */
  readonly frame?: Frame;
  /** What became of this reader's vote. Left out of the page that everybody sees; null: there is none. */
  readonly vote?: Vote | null;
  /** Why the vote that was just sent was not stored, and what its form held. */
  readonly refusal?: Problem;
  readonly typed?: TypedVote;
}

/** What a reader filled in, as he did. */
export interface TypedVote {
  readonly optionIds: readonly number[];
  readonly email: string;
}

/** A poll: its question, a form while it is open, and what it has come to where that may be seen. */
export function pollPage({ lang, asked, read, frame, vote, refusal, typed }: PollPage): string {
  const { poll, results, center, home, zone } = read;
  const words = WORDS[lang];
  const forEverybody = vote === undefined;
  const title = refusal !== undefined ? words.refused : vote ? words.statuses[vote.status].title : poll.question;
  const pollHref = hrefOf(['polls', poll.id], asked);
  const takesVote = !vote && poll.state === 'open';
  return shell({
    lang,
    title,
    site: frame ?? { center, home },
    ...(forEverybody && { canonical: poll.url }),
    ...(takesVote && { scripts: [SCRIPTS.workForm] }),
    children: (
      <>
        {refusal !== undefined && <Refused {...{ lang, refusal }} />}
        {vote && <VoteStanding {...{ lang, vote }} />}
        <h1 lang={poll.lang} dir={poll.dir}>
          {poll.question}
        </h1>
        {poll.intro !== null && (
          <p class="summary" lang={poll.introLang!} dir={poll.introDir!}>
            {poll.intro}
          </p>
        )}
        <Times {...{ poll, lang, zone }} />
        {poll.supersededBy !== null && (
          <p>
            {words.superseded}{' '}
            <a href={hrefOf(['polls', poll.supersededBy.id], asked)}>
              <bdi dir="ltr">{poll.supersededBy.url}</bdi>
            </a>
          </p>
        )}
        {!vote && (takesVote ? <Ballot {...{ poll, lang, typed, refusal }} /> : <Answers {...{ poll, lang }} />)}
        {takesVote && (
          <p class="quiet">
            <PrivacyLink {...{ lang, home }} />
          </p>
        )}
        <section class="results">
          <h2>{words.results}</h2>
          {'options' in results ? <ResultTable {...{ results, lang, zone }} /> : <Said {...{ sentence: results, lang }} />}
        </section>
        <p class="quiet method" lang={poll.methodLang} dir={poll.methodDir}>
          {poll.method}
        </p>
        {!forEverybody && (
          <p>
            <a href={pollHref}>{words.back}</a>
          </p>
        )}
      </>
    ),
  });
}

function Times({ poll: { state, opensAt, closesAt }, lang, zone }: { poll: Poll; lang: Lang; zone: string }): JSX.Element {
  const words = RESULT_WORDS[lang];
  const at = closesAt ?? opensAt;
  const what = closesAt === null ? words.opened : state === 'open' ? words.closes : words.closed;
  return (
    <p class="quiet">
      {words.state}: {words.states[state]}
      {' · '}
      {what}: <time datetime={at}>{formatDateline(new Date(at), lang, zone)}</time>
    </p>
  );
}

/** The answers of a poll that takes no votes. */
function Answers({ poll: { options }, lang }: { poll: Poll; lang: Lang }): JSX.Element {
  return (
    <section class="asked">
      <h2>{WORDS[lang].answers}</h2>
      <ul>
        {options.map(({ label, lang: own, dir }) => (
          <li>
            <bdi lang={own} dir={dir}>
              {label}
            </bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface BallotProps {
  readonly poll: Poll;
  readonly lang: Lang;
  readonly typed?: TypedVote | undefined;
  readonly refusal?: Problem | undefined;
}

/** The answers of an open poll, as the form of a vote. */
export function Ballot({ poll: { id, options, level, maxChoices }, lang, typed, refusal }: BallotProps): JSX.Element {
  const words = WORDS[lang];
  return (
    <form
      method="post"
      action={hrefOf(['polls', id, 'vote'], lang)}
      class="fields ballot"
      {...workForm(lang, `POST /api/v1/polls/${id}/ballots`)}
    >
      <fieldset>
        <legend>{words.choose(maxChoices)}</legend>
        {options.map(({ id: option, label, lang: own, dir }) => (
          <div class="choice">
            <input
              id={`option-${option}`}
              {...(maxChoices === 1
                ? { type: 'radio', name: 'option', value: option, required: true }
                : { type: 'checkbox', name: `option-${option}`, value: 'on' })}
              checked={typed?.optionIds.includes(option)}
            />
            <label for={`option-${option}`} lang={own} dir={dir}>
              {label}
            </label>
          </div>
        ))}
      </fieldset>
      {level === 3 && <Confirmation {...{ lang, email: typed?.email ?? '', wrong: fieldOf(refusal) }} />}
      <button type="submit">{words.vote}</button>
      <Progress />
      {level !== 0 && (
        <noscript>
          <p class="quiet">{words.reviewed}</p>
        </noscript>
      )}
      <p class="quiet">{words.cookie}</p>
    </form>
  );
}

/** What level 3 asks for: an address, and whether it may be written to. */
function Confirmation({ lang, email, wrong }: { lang: Lang; email: string; wrong: string | undefined }): JSX.Element {
  const words = WORDS[lang];
  return (
    <>
      <div class="field">
        <label for="email">{words.email}</label>
        <p class="quiet" id="email-hint">
          {words.emailHint}
        </p>
        <input
          id="email"
          name="email"
          type="email"
          dir="ltr"
          inputMode="email"
          maxLength={254}
          autocapitalize="none"
          spellcheck={false}
          autocomplete="email"
          required
          value={email}
          aria-describedby={wrong === 'email' ? 'refusal email-hint' : 'email-hint'}
          aria-invalid={wrong === 'email' || undefined}
        />
      </div>
      <div class="choice">
        <input id="consent" name="consent" type="checkbox" required aria-invalid={wrong === 'consent' || undefined} />
        <label for="consent">{words.consent}</label>
      </div>
    </>
  );
}

/** The field that is to blame for a refusal. */
function fieldOf(refusal: Problem | undefined): string | undefined {
  return refusal?.more.errors?.[0]?.field;
}

/** What became of the reader's vote, and the receipt that shows it later. */
function VoteStanding({ lang, vote: { receipt, status } }: { lang: Lang; vote: Vote }): JSX.Element {
  const words = WORDS[lang];
  return (
    <div class="asked" role="status" tabIndex={-1}>
      <h2>{words.statuses[status].title}</h2>
      <p>{words.statuses[status].text}</p>
      <p>
        {words.receipt}{' '}
        <strong>
          <bdi dir="ltr">{receipt}</bdi>
        </strong>
      </p>
      <p class="quiet">{words.keep}</p>
    </div>
  );
}

function ResultTable({ results, lang, zone }: { results: Results; lang: Lang; zone: string }): JSX.Element {
  const words = RESULT_WORDS[lang];
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.option}</th>
            <th scope="col">{`${words.share} (${words.ballots})`}</th>
          </tr>
        </thead>
        <tbody>
          {results.options.map(({ label, lang: own, dir, share, ballots }) => (
            <tr>
              <th scope="row" lang={own} dir={dir}>
                {label}
              </th>
              <td>
                {/* The figures say it beside. */}
                <meter min={0} max={1} value={share} aria-hidden="true" /> <bdi>{figures(share, ballots, lang)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="quiet">
        {resultNotes(results, lang, zone).map(({ text, lang: own, dir }) => (
          <li lang={own} dir={dir}>
            {text}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What was wrong, before everything else: it has the focus when the page is shown. */
function Refused({ lang, refusal: { detail, more } }: { lang: Lang; refusal: Problem }): JSX.Element {
  return (
    <div class="notice" id="refusal" role="alert" tabIndex={-1} autofocus>
      <h2>{WORDS[lang].refused}</h2>
      <Said sentence={more.errors?.[0]?.message ?? detail} lang={lang} />
    </div>
  );
}

/** Refusals are worded in Arabic and English; French readers get the English one, and it says so. */
function Said({ sentence, lang }: { sentence: Sentence; lang: Lang }): JSX.Element {
  const own = lang === 'ar' ? 'ar' : 'en';
  return (
    <p lang={own} dir={dirOf(own)}>
      {sentence[own]}
    </p>
  );
}
