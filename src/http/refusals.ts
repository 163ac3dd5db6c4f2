import { isSlug, slugify } from '../text/slug.js';
import { NotFound, Problem, type FieldError, type Sentence } from './problem.js';

/**
 * A refusal for which one field is to blame.
 * @param rule stable name of what was broken; the code itself where it says enough
 */
export function fieldRefused(status: 409 | 422, code: string, field: string, message: Sentence, rule = code): Problem {
  const errors: FieldError[] = [{ field, rule, message }];
  return new Problem(status, code, message, { errors });
}

/** The desk knows nothing by this id. */
export function noSuchThing(): NotFound {
  return new NotFound({ ar: 'لا يوجد شيء بهذا الرقم.', en: 'There is nothing with this id.' });
}

/** @param current the version that somebody else's act has made @param edited who made it and when, where that is kept */
export function staleVersion(
  current: number,
  edited: { readonly editedBy: string | null; readonly editedAt: string } | Record<string, never> = {},
): Problem {
  const message = {
    ar: 'تغيّر هذا بعد أن فتحته. حدّثه ثم أعد المحاولة.',
    en: 'This was changed after you opened it. Reload it and try again.',
  };
  const errors: FieldError[] = [{ field: 'version', rule: `current:${current}`, message }];
  return new Problem(409, 'stale_version', message, { errors, members: { version: current, ...edited } });
}

/** An editor's own choice of a slug, as it is or refused. @throws Problem 422 `slug_invalid` */
export function acceptedSlug(wish: string): string {
  const slug = wish.normalize('NFC');
  if (isSlug(slug)) return slug;
  const message = {
    ar: 'حروف وأرقام بينها شرطات، بلا تشكيل ولا مسافات، وليست أرقامًا فقط.',
    en: 'Letters and digits with hyphens between, without spaces, not digits alone.',
  };
  throw fieldRefused(422, 'slug_invalid', 'slug', message, 'slug');
}

/** The slug of something new: the chosen one, else that of its name. @throws Problem 422 `slug_invalid` */
export function newSlug(wish: string | undefined, name: string, fallback: string): string {
  return wish === undefined ? slugify(name, fallback) : acceptedSlug(wish);
}
