import { HttpException } from '@nestjs/common';
import { dirOf, type Lang } from '../text/language.js';
import { absoluteLink } from '../text/link.js';
import type { Wording } from '../text/wording.js';

/** A sentence for people; French readers get the English one. */
export interface Sentence {
  readonly ar: string;
  readonly en: string;
}

/** What one field or parameter did wrong. `rule` is stable, the message may be reworded. */
export interface FieldError {
  readonly field: string;
  readonly rule: string;
  readonly message: Sentence;
}

/** The name of a parameter as a refusal may repeat it: clients choose it, so enough to find it by (64 characters), and no more. */
export function fieldName(name: string): string {
  return [...name].slice(0, 64).join('');
}

/**
 * A refusal: thrown anywhere, sent as RFC 9457 problem details.
 * @param code stable English snake_case that programs compare
 * @param detail what happened and what the person can do
 */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    readonly detail: Sentence,
    readonly more: {
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
      /** Members of its own beside RFC 9457's: what a program needs to go on. */
      readonly members?: Readonly<Record<string, string | number | null>>;
    } = {},
  ) {
    super(code, status);
  }
}

export class NotFound extends Problem {
  constructor(detail: Sentence = { ar: 'لا يوجد شيء منشور في هذا العنوان.', en: 'Nothing is published at this address.' }) {
    super(404, 'not_found', detail);
  }
}

/** @returns the link, if it is an absolute http or https address; see {@link absoluteLink}. @throws Problem 422 `link_invalid` naming the field */
export function acceptedLink(field: string, href: string): string {
  const link = absoluteLink(href);
  if (link !== null) return link;
  const message = { ar: 'ليس عنوانًا كاملًا يبدأ بـ http أو https.', en: 'Not a full address that starts with http or https.' };
  throw new Problem(422, 'link_invalid', message, { errors: [{ field, rule: 'link', message }] });
}

/** The center's language, for requests that name none, and its name: looked up once a second, so that a refusal needs no database. */
export class HomeLanguage {
  lang: Lang = 'ar';
  name: Wording = {};

  /** From the raw URL, because a request may be refused before its query was parsed. */
  of(url: string): Lang {
    const asked = /[?&]lang=(ar|en|fr)(?:&|$)/.exec(url)?.[1];
    return (asked as Lang | undefined) ?? this.lang;
  }

  /** For a page: `lang` of its address, else the first of ours that the browser names, else the center's. */
  ofReader(url: string, acceptLanguage = ''): Lang {
    const asked = /[?&]lang=(ar|en|fr)(?:&|$)/.exec(url)?.[1] ?? /(?:^|,)\s*(ar|en|fr)\b/i.exec(acceptLanguage)?.[1]?.toLowerCase();
    return (asked as Lang | undefined) ?? this.lang;
  }
}

const TITLES: Record<number, Sentence> = {
  400: { ar: 'طلب غير سليم', en: 'Malformed request' },
  401: { ar: 'يلزم تسجيل الدخول', en: 'Sign in first' },
  403: { ar: 'غير مسموح', en: 'Not allowed' },
  404: { ar: 'غير موجود', en: 'Not found' },
  408: { ar: 'انتهت المهلة', en: 'Too slow' },
  409: { ar: 'تعارض مع الحالة الراهنة', en: 'Conflicts with the present state' },
  410: { ar: 'سُحب نهائيًا', en: 'Withdrawn' },
  413: { ar: 'المحتوى أكبر من المسموح', en: 'Too large' },
  415: { ar: 'نوع المحتوى غير مقبول', en: 'Content type not accepted' },
  417: { ar: 'توقع غير ممكن', en: 'Expectation failed' },
  422: { ar: 'مفهوم لكنه مرفوض', en: 'Understood but refused' },
  429: { ar: 'طلبات كثيرة', en: 'Too many requests' },
  431: { ar: 'ترويسات الطلب أطول من المسموح', en: 'Request headers too long' },
  500: { ar: 'خطأ في الخادم', en: 'Server error' },
  503: { ar: 'الخدمة غير متاحة الآن', en: 'Not available just now' },
  507: { ar: 'لم يبق مكان', en: 'No room left' },
};

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What a refusal says to a person, and in which language. */
export function problemWords(
  problem: Problem,
  lang: Lang,
): { readonly language: 'ar' | 'en'; readonly title: string; readonly detail: string } {
  const language = lang === 'ar' ? 'ar' : 'en';
  return { language, title: (TITLES[problem.getStatus()] ?? TITLES[500]!)[language], detail: problem.detail[language] };
}

/**
 * @param id the request's UUID, which also stands in the log
 * @returns the document of RFC 9457 as bytes to send
 */
export function problemDocument(problem: Problem, id: string, lang: Lang): string {
  const status = problem.getStatus();
  const { language, title, detail } = problemWords(problem, lang);
  return JSON.stringify({
    type: `urn:markaz:problem:${problem.code}`,
    title,
    status,
    detail,
    code: problem.code,
    instance: `urn:uuid:${id}`,
    lang: language,
    dir: dirOf(language),
    ...problem.more.members,
    errors: (problem.more.errors ?? []).map(({ field, rule, message }) => ({ field, rule, message: message[language] })),
  });
}
