import { applyDecorators, type PipeTransform, type Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type as Instances } from 'class-transformer';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { UncleanText, cleanLine, cleanProse, cleanText } from '../text/clean.js';
import { LANGS, isLang, type Lang } from '../text/language.js';
import { invalidParameter, unknownFields } from './input.js';

/**
 * The fields of bodies. Each decorator checks, cleans and documents one field.
 *
 * `optional` may be left out, `nullable` may be null; both are said outright, so that `null` never slips through where nothing was allowed
 * to be left out. For PATCH use `PartialType(…, { skipNullProperties: false })`, which keeps this.
 */
interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  readonly optional?: boolean;
  readonly nullable?: boolean;
}

type Schema = Readonly<Record<string, unknown>>;

/**
 * One field by a rule of its own.
 * @param rule stable name that refusals carry @param validate of the value after `transform`
 */
export function field(
  rule: string,
  validate: (value: unknown) => boolean,
  schema: Schema,
  { description, example, optional = false, nullable = false }: FieldOptions,
  transform: (value: unknown) => unknown = (value) => value,
): PropertyDecorator {
  const documented = { ...schema, description, nullable, ...(example === undefined ? {} : { example }) };
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === undefined || value === null ? value : transform(value))),
    ...(optional ? [ValidateIf((_, value) => value !== undefined)] : []),
    ...(nullable ? [ValidateIf((_, value) => value !== null)] : []),
    ValidateBy({ name: 'required', validator: { validate: (value: unknown) => value !== undefined && value !== null } }),
    ValidateBy({ name: rule, validator: { validate: (value: unknown) => value === undefined || value === null || validate(value) } }),
    (optional ? ApiPropertyOptional : ApiProperty)(documented as never),
  );
}

/** What a text that cannot be cleaned becomes: no string, so the rule refuses it. */
const UNCLEAN = Symbol('unclean');

/** @param clean of `src/text/clean.ts` @returns the same for values of any kind: what is no text passes as it is, and no rule takes a text that cannot be cleaned */
export function cleaned(clean: (text: string) => string): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'string') return value;
    try {
      return clean(value);
    } catch (error) {
      if (error instanceof UncleanText) return UNCLEAN;
      throw error;
    }
  };
}

/** A single line, cleaned (see {@link cleanLine}), `min` to `max` characters long afterwards. */
export function Line(options: FieldOptions & { readonly min?: number; readonly max: number }): PropertyDecorator {
  const { min = 1, max } = options;
  return field('line', lengthWithin(min, max), { type: 'string', minLength: min, maxLength: max }, options, cleaned(cleanLine));
}

/** Text of several lines, cleaned (see {@link cleanProse}), `min` to `max` characters long afterwards. */
export function Prose(options: FieldOptions & { readonly min?: number; readonly max: number }): PropertyDecorator {
  const { min = 1, max } = options;
  return field('prose', lengthWithin(min, max), { type: 'string', minLength: min, maxLength: max }, options, cleaned(cleanProse));
}

/** Markup as it comes, up to `max` characters: whoever takes it cleans it. Only what is no text at all is refused here. */
export function Html(options: FieldOptions & { readonly max: number }): PropertyDecorator {
  const { max } = options;
  const readable = cleaned(cleanText);
  const valid = (value: unknown): boolean => typeof value === 'string' && value.length <= max && typeof readable(value) === 'string';
  return field('html', valid, { type: 'string', maxLength: max }, options);
}

function lengthWithin(min: number, max: number): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && value.length >= min && value.length <= max;
}

/**
 * A name or phrase in up to three languages, each cleaned; what is left empty counts as left out. At least one has to be there unless
 * `empty` is allowed.
 *
 * `needs` names languages that may not be missing; `paragraphs` allows several lines.
 */
export function Words(
  options: FieldOptions & {
    readonly max: number;
    readonly empty?: boolean;
    readonly needs?: readonly Lang[];
    readonly paragraphs?: boolean;
  },
): PropertyDecorator {
  const { max, empty = false, needs = [], paragraphs = false } = options;
  const valid = (value: unknown): boolean =>
    isWording(value, max) && needs.every((lang) => lang in value) && (empty || Object.keys(value).length > 0);
  const clean = cleaned(paragraphs ? cleanProse : cleanLine);
  return field('wording', valid, wordingSchema({ maxLength: max }, needs), options, (value) =>
    isRecord(value) ? each(value, clean) : value,
  );
}

/** A list of wordings, each as {@link Words} takes it and none empty, `length` characters long at the most, at most `max` of them. */
export function Wordings(options: FieldOptions & { readonly max: number; readonly length: number }): PropertyDecorator {
  const { max, length } = options;
  const clean = cleaned(cleanLine);
  const valid = (value: unknown): boolean => isWording(value, length) && Object.keys(value).length > 0;
  return field(
    'wordings',
    (value) => Array.isArray(value) && value.length <= max && value.every(valid),
    { type: 'array', items: wordingSchema({ maxLength: length }), maxItems: max },
    options,
    (value) => (Array.isArray(value) ? value.map((item: unknown) => (isRecord(item) ? each(item, clean) : item)) : value),
  );
}

function isWording(value: unknown, max: number): value is Record<string, unknown> {
  return isRecord(value) && Object.entries(value).every(([lang, text]) => isLang(lang) && lengthWithin(1, max)(text));
}

/** A wording in an answer of the desk: whole, as it is stored. Readers get one string of it. */
export function WholeWording(options: Pick<FieldOptions, 'description' | 'example' | 'nullable'>): PropertyDecorator {
  return ApiProperty({ ...wordingSchema(), ...options } as never);
}

function wordingSchema(text: Schema = {}, needs: readonly Lang[] = []): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(LANGS.map((lang) => [lang, { type: 'string', ...text }])),
    ...(needs.length === 0 ? {} : { required: needs }),
    additionalProperties: false,
  };
}

/** Each language's text cleaned, without those left empty; what is no language stays, to be refused. */
function each(texts: Readonly<Record<string, unknown>>, clean: (text: unknown) => unknown): Record<string, unknown> {
  const clear = Object.entries(texts).map(([lang, text]) => [lang, clean(text)] as const);
  return Object.fromEntries(clear.filter(([lang, text]) => !(isLang(lang) && text === '')));
}

/** Lines of text, each cleaned, 1 to `length` characters long afterwards, `min` (none, unless said) to `max` of them. */
export function Lines(options: FieldOptions & { readonly min?: number; readonly max: number; readonly length: number }): PropertyDecorator {
  const { min = 0, max, length } = options;
  const clean = cleaned(cleanLine);
  return field(
    'lines',
    (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(lengthWithin(1, length)),
    { type: 'array', items: { type: 'string', minLength: 1, maxLength: length }, ...(min > 0 && { minItems: min }), maxItems: max },
    options,
    (value) => (Array.isArray(value) ? value.map(clean) : value),
  );
}

/** An object with fields of its own, checked as its class says. (Swagger knows a deferred type by its name, `type`: hence the second arrow.) */
export function Part(type: () => Type, options: FieldOptions): PropertyDecorator {
  return applyDecorators(field('object', isRecord, { type: () => type() }, options), Instances(type), ValidateNested());
}

/** A list of objects, each checked as its class says, at most `max` of them. */
export function Parts(type: () => Type, options: FieldOptions & { readonly max: number }): PropertyDecorator {
  const { max } = options;
  const valid = (value: unknown): boolean => Array.isArray(value) && value.length <= max && value.every(isRecord);
  return applyDecorators(
    field('list', valid, { type: () => type(), isArray: true, maxItems: max }, options),
    Instances(type),
    ValidateNested({ each: true }),
  );
}

/** One of a closed list. */
export function Choice(choices: readonly string[], options: FieldOptions): PropertyDecorator {
  return field('oneOf', (value) => typeof value === 'string' && choices.includes(value), { type: 'string', enum: [...choices] }, options);
}

/** Some of a closed list, each once, `min` (none, unless said) or more. */
export function Choices(choices: readonly string[], options: FieldOptions & { readonly min?: number }): PropertyDecorator {
  const { min = 0 } = options;
  const valid = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length >= min &&
    value.every((one) => choices.includes(one as string)) &&
    new Set(value).size === value.length;
  const schema = { type: 'array', items: { type: 'string', enum: [...choices] }, ...(min > 0 && { minItems: min }), uniqueItems: true };
  return field('choices', valid, schema, options);
}

const MAX_ID = 2_147_483_647;

/** The id of something: a positive int4. */
export function Id(options: FieldOptions): PropertyDecorator {
  return field('id', isId, { type: 'integer', minimum: 1, maximum: MAX_ID }, options);
}

/** Ids, each once, in the given order, `min` (none, unless said) to `max` of them. */
export function Ids(options: FieldOptions & { readonly min?: number; readonly max: number }): PropertyDecorator {
  const { min = 0, max } = options;
  const valid = (value: unknown): boolean =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(isId) && new Set(value).size === value.length;
  const schema = { type: 'array', items: { type: 'integer', minimum: 1 }, ...(min > 0 && { minItems: min }), maxItems: max };
  return field('ids', valid, schema, options);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_ID;
}

/** A whole number. */
export function Whole(options: FieldOptions & { readonly min: number; readonly max: number }): PropertyDecorator {
  const { min, max } = options;
  const valid = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  return field('whole', valid, { type: 'integer', minimum: min, maximum: max }, options);
}

/** A share of a whole, 0 to 1. */
export function Fraction(options: FieldOptions): PropertyDecorator {
  const valid = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
  return field('fraction', valid, { type: 'number', minimum: 0, maximum: 1 }, options);
}

/** True or false. */
export function Flag(options: FieldOptions): PropertyDecorator {
  return field('flag', (value) => typeof value === 'boolean', { type: 'boolean' }, options);
}

/** The version the editor saw: an act on an older one is refused with 409 `stale_version`. */
export function Version(): PropertyDecorator {
  return field('version', isId, { type: 'integer', minimum: 1 }, { description: 'The version you saw.', example: 1 });
}

/** An instant with offset, to the millisecond; becomes a Date. */
export function Instant(options: FieldOptions): PropertyDecorator {
  return field(
    'instant',
    (value) => value instanceof Date,
    { type: 'string', format: 'date-time' },
    options,
    (value) => instantOf(value) ?? value,
  );
}

const INSTANT = /^(?<day>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

function instantOf(value: unknown): Date | null {
  const day = typeof value === 'string' ? INSTANT.exec(value)?.groups?.['day'] : undefined;
  if (day === undefined || day < '0001' || !isDay(day)) return null;
  return new Date(value as string);
}

/** A day of the calendar, `YYYY-MM-DD`. */
export function Day(options: FieldOptions): PropertyDecorator {
  return field('day', isDay, { type: 'string', format: 'date' }, options);
}

/** Whether `YYYY-MM-DD` is a day of the calendar. */
function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || value < '0001') return false;
  // Through the calendar and back, because Date takes 30 February for 2 March.
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of an act that takes nothing: none, or `{}`. A class without fields will not do, because class-validator refuses every object for it. */
export class NoFieldsPipe implements PipeTransform<unknown, void> {
  transform(value: unknown): void {
    if (value === undefined || value === null) return;
    const names = isRecord(value) ? Object.keys(value) : ['body'];
    if (names.length > 0) throw unknownFields(names);
  }
}

/** A UUID, as PostgreSQL writes it. */
export const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** `{id}` of a path. */
export class IdPipe implements PipeTransform<string, number> {
  constructor(private readonly name = 'id') {}

  transform(value: string): number {
    if (!/^[1-9]\d{0,9}$/.test(value) || Number(value) > MAX_ID) throw invalidParameter(this.name, 'id');
    return Number(value);
  }
}
