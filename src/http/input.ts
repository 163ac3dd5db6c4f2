import { Injectable, ValidationPipe, type ArgumentMetadata, type PipeTransform, type ValidationError } from '@nestjs/common';
import { Problem, fieldName, type FieldError, type Sentence } from './problem.js';

/** What each rule asks, for the person who broke it. Rules are the names of class-validator's constraints and of our own. */
const MESSAGES: Record<string, Sentence> = {
  unknown: { ar: 'لا نعرف هذا المعامل.', en: 'This parameter is not known.' },
  limit: { ar: 'عدد صحيح من 1 إلى 100.', en: 'A whole number from 1 to 100.' },
  cursor: { ar: 'خذ المؤشر من nextCursor في صفحة سابقة.', en: 'Take the cursor from nextCursor of an earlier page.' },
  oneOf: { ar: 'قيمة ليست من القيم المسموحة.', en: 'Not one of the allowed values.' },
  choices: { ar: 'قائمة من القيم المسموحة، كل قيمة مرة.', en: 'A list of allowed values, each once.' },
  uuid: { ar: 'معرّف مثل 9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a.', en: 'An id such as 9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a.' },
  slugOrId: { ar: 'اسم مختصر من حروف وأرقام وشرطات، أو رقم موجب.', en: 'A slug of letters, digits and hyphens, or a positive id.' },
  required: { ar: 'هذا الحقل مطلوب.', en: 'This field is required.' },
  line: {
    ar: 'نص من سطر واحد في الطول المسموح، بلا محارف تحكم.',
    en: 'One line of text within the allowed length, without control characters.',
  },
  typed: { ar: 'ما تبحث عنه، مرة واحدة، في 2000 حرف على الأكثر.', en: 'What to look for, once, in at most 2,000 characters.' },
  year: { ar: 'سنة من أربعة أرقام مثل 2026.', en: 'A year of four digits, such as 2026.' },
  html: { ar: 'نص HTML في الطول المسموح، بلا محارف تحكم.', en: 'HTML within the allowed length, without control characters.' },
  prose: { ar: 'نص في الطول المسموح، بلا محارف تحكم.', en: 'Text within the allowed length, without control characters.' },
  wording: {
    ar: 'نص لكل لغة من ar وen وfr، في الطول المسموح.',
    en: 'A text for each of ar, en and fr that you have, within the allowed length.',
  },
  wordings: {
    ar: 'قائمة نصوص، كل منها بلغة أو أكثر من ar وen وfr، في الطول والعدد المسموحين.',
    en: 'A list of texts, each in one or more of ar, en and fr, within the allowed length and number.',
  },
  lines: { ar: 'قائمة نصوص من سطر واحد، في الطول والعدد المسموحين.', en: 'A list of lines of text within the allowed length and number.' },
  object: { ar: 'كائن JSON فيه حقوله.', en: 'A JSON object with its fields.' },
  list: { ar: 'قائمة كائنات JSON في العدد المسموح.', en: 'A list of JSON objects within the allowed number.' },
  day: { ar: 'يوم مثل 2026-01-31.', en: 'A day such as 2026-01-31.' },
  id: { ar: 'رقم موجب.', en: 'A positive id.' },
  ids: { ar: 'قائمة أرقام موجبة، كل رقم مرة.', en: 'A list of positive ids, each once.' },
  whole: { ar: 'عدد صحيح في المدى المسموح.', en: 'A whole number within the allowed range.' },
  fraction: { ar: 'عدد من 0 إلى 1.', en: 'A number from 0 to 1.' },
  version: { ar: 'رقم النسخة التي رأيتها.', en: 'The number of the version you saw.' },
  instant: { ar: 'لحظة بفارق زمني مثل 2026-01-31T12:00:00+02:00.', en: 'An instant with offset, such as 2026-01-31T12:00:00+02:00.' },
  address: {
    ar: 'عنوان بريد كامل، مثل name@center.example، وما قبل علامة @ بحروف لاتينية.',
    en: 'A whole mail address, such as name@center.example; what stands before the @ is in ASCII.',
  },
  addresses: {
    ar: 'قائمة عناوين بريد كاملة في العدد المسموح، كل صندوق بريد مرة.',
    en: 'A list of whole mail addresses within the allowed number, each mailbox once.',
  },
  act: { ar: 'فعل كما يظهر في السجل، مثل articles.publish.', en: 'An act as the log shows it, such as articles.publish.' },
  network: { ar: 'عنوان IP مثل 198.51.100.7 أو 2001:db8::1.', en: 'An IP address, such as 198.51.100.7 or 2001:db8::1.' },
  password: { ar: 'كلمة سر من 12 إلى 200 حرف.', en: 'A password of 12 to 200 characters.' },
  receipt: { ar: 'إيصال من 16 حرفًا ورقمًا كما ظهر بعد التصويت.', en: 'A receipt of 16 letters and digits, as it was shown after the vote.' },
  work: {
    ar: 'challenge وsolution كما يعطيهما ALTCHA، كائنًا أو JSON بترميز base64.',
    en: 'challenge and solution as ALTCHA gives them, as an object or as JSON in base64.',
  },
  sender_name: {
    ar: 'اسم من حرفين إلى 60 حرفًا، بلا أرقام ولا رموز سوى النقطة والفاصلة العليا والشرطة، ولا يشبه اسم موقع.',
    en: 'A name of 2 to 60 letters, with spaces, dots, apostrophes and hyphens only, and nothing like the name of a site.',
  },
  color: { ar: 'لون مثل #0b5c56.', en: 'A color such as #0b5c56.' },
  flag: { ar: 'true أو false.', en: 'true or false.' },
  dayOrInstant: {
    ar: 'تاريخ مثل 2026-01-31، أو لحظة بفارق زمني مثل 2026-01-31T12:00:00Z.',
    en: 'A date such as 2026-01-31, or an instant with offset such as 2026-01-31T12:00:00Z.',
  },
};
/** Enough to mend a request by; a URL of a thousand unknown names is not answered with a thousand sentences. */
const MAX_ERRORS = 20;
const NOT_ACCEPTED: Sentence = { ar: 'قيمة غير مقبولة.', en: 'Not an accepted value.' };

/**
 * Checks every query and body against its DTO class. What the class does not name is refused, not dropped: a misspelled filter that is
 * ignored shows the wrong list.
 */
@Injectable()
export class InputPipe implements PipeTransform {
  private readonly query = pipe('invalid_parameter', 'unknown_parameter');
  private readonly body = pipe('invalid_body', 'unknown_field');

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Parts of a path have pipes of their own; Nest's would first make a number of `007` or `1e3`, where one is declared.
    if (metadata.type !== 'body' && metadata.type !== 'query') return value;
    // No body at all is an empty one: what it lacks is named.
    if (metadata.type === 'body' && value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
      throw refusal('invalid_body', [brokenRule('body', 'object')]);
    const inherited = inheritedNames(value);
    if (inherited.length > 0)
      throw refusal(
        metadata.type === 'body' ? 'unknown_field' : 'unknown_parameter',
        inherited.map((field) => brokenRule(field, 'unknown')),
      );
    return (metadata.type === 'body' ? this.body : this.query).transform(value, metadata);
  }
}

/**
 * Paths of the names that objects or classes have anyway (`constructor`, `hasOwnProperty`, `prototype` …): Nest and class-transformer drop
 * them, and class-validator takes some for rules of its own, so none would refuse them.
 */
function inheritedNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name in Object.prototype || name === 'prototype' ? [name] : []),
    ...inheritedNames(inner).map((path) => `${name}.${path}`),
  ]);
}

function pipe(invalid: string, unknown: string): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    exceptionFactory: (faults: ValidationError[]) => {
      const errors = faults.flatMap((fault) => fieldErrors(fault, ''));
      const code = errors.some(({ rule }) => rule === 'unknown') ? unknown : invalid;
      return refusal(code, errors);
    },
  });
}

/** @param path of the enclosing object, ending in a dot, or empty */
function fieldErrors({ property, constraints = {}, children = [] }: ValidationError, path: string): FieldError[] {
  const field = `${path}${property}`;
  // That a part is no object is said by its own rule; and what is of the wrong kind altogether has no fields to speak of.
  const broken = Object.keys(constraints).filter((constraint) => constraint !== 'nestedValidation');
  if (broken.length > 0)
    return broken.map((constraint) => brokenRule(field, constraint === 'whitelistValidation' ? 'unknown' : constraint));
  return children.flatMap((child) => fieldErrors(child, `${field}.`));
}

/** Refuses one field by hand, where a rule needs more than its own value. */
export function invalidParameter(field: string, rule: string): Problem {
  return refusal('invalid_parameter', [brokenRule(field, rule)]);
}

/** Refuses what a body holds beyond what its act takes. */
export function unknownFields(names: readonly string[]): Problem {
  return refusal(
    'unknown_field',
    names.map((name) => brokenRule(name, 'unknown')),
  );
}

function brokenRule(field: string, rule: string): FieldError {
  return { field: fieldName(field), rule, message: MESSAGES[rule] ?? NOT_ACCEPTED };
}

function refusal(code: string, errors: readonly FieldError[]): Problem {
  return new Problem(
    400,
    code,
    { ar: 'في الطلب ما لا يُقبل؛ التفصيل في errors.', en: 'The request holds what is not accepted; errors says what.' },
    { errors: errors.slice(0, MAX_ERRORS) },
  );
}
