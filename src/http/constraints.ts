import type pg from 'pg';
import { Problem, type Sentence } from './problem.js';
import { fieldRefused } from './refusals.js';

/** How a refusal of the database is answered. `field` is the body's name for what broke the rule. */
interface Answer {
  readonly status: 409 | 422;
  readonly code: string;
  readonly field: string;
  readonly message: Sentence;
}

/** What the body names is not there. */
function unknown(field: string): Answer {
  return {
    status: 422,
    code: 'unknown_reference',
    field,
    message: { ar: 'لا يوجد شيء بهذا الرقم.', en: 'There is nothing with this id.' },
  };
}

const SLUG_TAKEN: Answer = {
  status: 409,
  code: 'slug_taken',
  field: 'slug',
  message: { ar: 'هذا الاسم المختصر مأخوذ.', en: 'This slug is taken.' },
};

const TRANSLATION_EXISTS: Answer = {
  status: 409,
  code: 'translation_exists',
  field: 'translationOf',
  message: { ar: 'لهذه المادة ترجمة بهذه اللغة.', en: 'The piece has a translation into this language already.' },
};

const EMAIL_TAKEN: Answer = {
  status: 409,
  code: 'email_taken',
  field: 'email',
  message: { ar: 'لهذا البريد محرر مسجّل.', en: 'An editor has this address already.' },
};

const AUTHOR_TWICE: Answer = {
  status: 422,
  code: 'author_twice',
  field: 'authorIds',
  message: { ar: 'اسم واحد مرتين بين المؤلفين.', en: 'One name stands twice among the authors.' },
};

const SERIES_PLACE: Answer = {
  status: 422,
  code: 'series_place',
  field: 'seriesId',
  message: { ar: 'الملف ومكان المادة فيه يُذكران معًا.', en: 'A series and the place in it are given together.' },
};

const TERM_ORDER: Answer = {
  status: 422,
  code: 'term_order',
  field: 'masthead',
  message: { ar: 'نهاية المدة قبل بدايتها.', en: 'The term ends before it begins.' },
};

const SECTION_IN_ITSELF: Answer = {
  status: 422,
  code: 'section_in_itself',
  field: 'parentId',
  message: { ar: 'لا يوضع القسم داخل نفسه أو داخل أحد فروعه.', en: 'A section cannot stand inside itself or one of its subsections.' },
};

const CLOSES_BEFORE_OPENING: Answer = {
  status: 422,
  code: 'closes_before_opening',
  field: 'closesAt',
  message: { ar: 'يُغلق قبل أن يُفتح.', en: 'It would close before it opens.' },
};

const TOKEN_EXPIRY: Answer = {
  status: 422,
  code: 'token_expiry',
  field: 'expiresAt',
  message: { ar: 'موعد في المستقبل، بعد 366 يومًا على الأكثر.', en: 'A time to come, 366 days away at the most.' },
};

const PREVIEW_PERIOD: Answer = {
  status: 422,
  code: 'preview_period',
  field: 'expiresAt',
  message: { ar: 'ينتهي الرابط بعد الآن، وخلال ثلاثين يومًا على الأكثر.', en: 'A link ends after now, and within thirty days.' },
};

const EVENT_TIMES: Answer = {
  status: 422,
  code: 'event_times',
  field: 'endsAt',
  message: { ar: 'نهاية المناسبة قبل بدايتها.', en: 'The event ends before it begins.' },
};

const FORM_TWICE: Answer = {
  status: 422,
  code: 'form_twice',
  field: 'forms',
  message: { ar: 'صيغة واحدة مرتين في المجموعة.', en: 'One form stands twice in the group.' },
};

const PICTURE_OR_TEXT: Answer = {
  status: 422,
  code: 'picture_or_text',
  field: 'pictureId',
  message: { ar: 'للإعلان صورة أو نص، واحد منهما لا أكثر.', en: 'An ad has a picture or a text, exactly one of them.' },
};

const ENDS_BEFORE_START: Answer = {
  status: 422,
  code: 'ends_before_start',
  field: 'endsAt',
  message: { ar: 'ينتهي قبل أن يبدأ.', en: 'It would end before it starts.' },
};

/**
 * The constraints that a client's body can break. Everything else that the database refuses is a fault of ours: 500, and logged.
 * A test holds this against the catalogue, so a constraint added later is either here or given a reason there.
 */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  sections_parent_id_fkey: unknown('parentId'),
  revisions_section_id_fkey: unknown('sectionId'),
  revisions_series_id_fkey: unknown('seriesId'),
  revision_authors_author_id_fkey: unknown('authorIds'),
  revision_tags_tag_id_fkey: unknown('tags'),
  articles_translation_group_fkey: unknown('translationOf'),
  editor_sections_section_id_fkey: unknown('sections'),
  sections_slug_folded_key: SLUG_TAKEN,
  authors_slug_folded_key: SLUG_TAKEN,
  tags_slug_folded_key: SLUG_TAKEN,
  series_slug_folded_key: SLUG_TAKEN,
  sections_parent_check: SECTION_IN_ITSELF,
  articles_one_translation_per_lang: TRANSLATION_EXISTS,
  editors_email_canonical_key: EMAIL_TAKEN,
  revision_authors_revision_id_author_id_key: AUTHOR_TWICE,
  revisions_series_check: SERIES_PLACE,
  masthead_terms_order_check: TERM_ORDER,
  polls_section_id_fkey: unknown('place.sectionId'),
  polls_series_id_fkey: unknown('place.seriesId'),
  polls_article_id_fkey: unknown('place.articleId'),
  polls_times_check: CLOSES_BEFORE_OPENING,
  poll_events_times_check: EVENT_TIMES,
  api_tokens_expires_at_check: TOKEN_EXPIRY,
  preview_links_period_check: PREVIEW_PERIOD,
  lexicon_forms_group_id_form_key: FORM_TWICE,
  ad_sections_section_id_fkey: unknown('sectionIds'),
  ads_picture_or_text_check: PICTURE_OR_TEXT,
  ads_times_check: ENDS_BEFORE_START,
  fronts_times_check: ENDS_BEFORE_START,
  fronts_lead_id_fkey: unknown('leadId'),
  front_blocks_section_id_fkey: unknown('blocks.sectionId'),
  front_blocks_series_id_fkey: unknown('blocks.seriesId'),
  front_pieces_article_id_fkey: unknown('blocks.articleIds'),
};

/** @returns the answer to a constraint's refusal, or null when no client can have caused it */
export function refusalOf({ code = '', constraint = '' }: pg.DatabaseError): Problem | null {
  // Raised by a trigger: history does not change. Acts never try; one that was overtaken by a publication may.
  if (constraint === 'revisions_sealed') {
    return new Problem(409, 'revision_sealed', {
      ar: 'نُشرت هذه الصيغة في هذه الأثناء، فلا تتغير.',
      en: 'This revision was published meanwhile and cannot change.',
    });
  }
  // Raised by a trigger as well: the first ballot came while an editor was still changing what it answers.
  if (constraint === 'polls_locked') return pollLocked();
  const answer = code.startsWith('23') ? ANSWERS[constraint] : undefined;
  return answer === undefined ? null : fieldRefused(answer.status, answer.code, answer.field, answer.message);
}

/** Readers have answered it as it stands. @param field what was to be changed, where one is known */
export function pollLocked(field?: string): Problem {
  const message = {
    ar: 'بدأ التصويت، فلا يتغير السؤال ولا الخيارات ولا قواعد التصويت. أغلق الاستطلاع واطرح بدله غيره.',
    en: 'Readers have voted, so question, options and rules stay. Close the poll and supersede it.',
  };
  return field === undefined ? new Problem(409, 'poll_locked', message) : fieldRefused(409, 'poll_locked', field, message);
}

/** A section under itself or one of its own. */
export function sectionInItself(): Problem {
  const { status, code, field, message } = SECTION_IN_ITSELF;
  return fieldRefused(status, code, field, message);
}

/** Another editor signs in with this address. */
export function emailTaken(): Problem {
  const { status, code, field, message } = EMAIL_TAKEN;
  return fieldRefused(status, code, field, message);
}
