import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Element, ElementContent, Root } from 'hast';
import rehypeParse from 'rehype-parse';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import { isPhrasing } from './body.js';
import { Effort, Stretches, Vocabulary, compareRuns, steps, tokens, type Op, type Run, type Step, type Stretch } from './word-diff.js';

/** A stretch of words that stayed, came or went. */
export interface Words extends Pick<Stretch<unknown>, 'op' | 'spelling' | 'markup'> {
  readonly text: string;
}

/** One block of two bodies laid side by side. */
export interface Block {
  /** `change`: words within it came or went. */
  readonly op: Op | 'change';
  /** The block itself, with `ins` and `del` around what came and went: safe as the bodies it is made of. */
  readonly html: string;
  /** Of a changed one, its words, a line for each paragraph, item and cell; null of others, which stayed, came or went whole. */
  readonly words: readonly Words[] | null;
  /** It came or went, and stands the same elsewhere. */
  readonly moved: boolean;
}

/** Blocks and lines larger than this (UTF-16 units) come and go whole: each is parsed, and taken apart into words, in one piece. */
const MOST_PARSED = 12_000;

/** Blocks this alike, by their words, are one block that was changed (Sørensen and Dice; 1 is equal). */
const ALIKE = 0.5;

/** So many words looked up are one look: see {@link Effort}. */
const WORDS_PER_LOOK = 8;

/** Others get their turn after so long. */
const TURN_MS = 10;

const parser = unified().use(rehypeParse, { fragment: true }).freeze();
const printer = unified()
  .use(rehypeStringify, { characterReferences: { useNamedReferences: true } })
  .freeze();

/**
 * Compares two bodies as {@link cleanBody} writes them: first their blocks, then the words within those that were changed. Text without what
 * stands in `del` is the later body's, without what stands in `ins` the earlier one's. Pictures come and go whole, as do tags and attributes
 * of blocks. What would take too long comes and goes whole as well.
 */
export async function compareBodies(earlier: string, later: string, turn = new Turn()): Promise<Block[]> {
  const [old, now] = [topBlocks(earlier), topBlocks(later)];
  const comparison = new Comparison(turn);
  const result: Block[] = [];
  const went = new Set(old);
  const came = new Set(now);
  const replaced = (gone: readonly string[], arrived: readonly string[]): void => {
    for (const html of gone) result.push({ op: 'delete', html: deleted(html), words: null, moved: came.has(html) });
    for (const html of arrived) result.push({ op: 'insert', html: `<ins>${html}</ins>`, words: null, moved: went.has(html) });
  };
  const sketch = async (blocks: readonly string[], others: ReadonlySet<string>): Promise<(Sketch | null)[]> => {
    const sketches: (Sketch | null)[] = [];
    for (const html of blocks) {
      // What stands in both is no other block changed.
      sketches.push(others.has(html) ? null : comparison.sketch(/^<(\w+)/.exec(html)![1]!, html.length, roughText(html)));
      await turn.yield();
    }
    return sketches;
  };
  const [left, right] = [await sketch(old, came), await sketch(now, went)];
  const equal = (from: number, to: number): boolean => old[from] === now[to];
  const related = (from: number, to: number): boolean => {
    const [one, other] = [left[from], right[to]];
    return equal(from, to) || (!!one && !!other && comparison.alike(one, other));
  };
  const lengths = [old.length, now.length] as const;
  let way = steps(lengths, related, comparison.likening);
  if (way === null) {
    await turn.yield();
    way = steps(lengths, equal, comparison.effort) ?? apart(...lengths);
  }
  await turn.yield();
  for (const [from, to] of way) {
    if (from === null || to === null) {
      replaced(from === null ? [] : [old[from]!], to === null ? [] : [now[to]!]);
      continue;
    }
    if (equal(from, to)) {
      result.push({ op: 'equal', html: now[to]!, words: null, moved: false });
      continue;
    }
    await turn.yield();
    const before = parsed(old[from]!);
    await turn.yield();
    const after = parsed(now[to]!);
    await turn.yield();
    const changed = await comparison.change(before, after);
    if (changed === null) replaced([old[from]!], [now[to]!]);
    else result.push({ op: changed.words.every(({ op }) => op === 'equal') ? 'equal' : 'change', html: print(changed.node), words: changed.words, moved: false }); // prettier-ignore
  }
  return result;
}

/**
 * Compares two lists of lines: first the lines, then the words within those that were changed. Text without what was deleted is `after`, a line
 * break between its lines, without what was inserted `before`. What would take too long comes and goes whole.
 */
export async function compareLines(before: readonly string[], after: readonly string[], turn = new Turn()): Promise<Words[]> {
  const comparison = new Comparison(turn);
  const stretches = new Stretches<null>();
  const sketch = (text: string): Sketch => comparison.sketch('', text.length, text);
  // Of one line and one there is nothing to choose.
  const one = before.length === 1 && after.length === 1 && [...before, ...after].every(({ length }) => length <= MOST_PARSED);
  const places = one
    ? [{ from: 0, to: 0, equal: before[0] === after[0] }]
    : await comparison.sideBySide([before, after], (text) => text, sketch);
  for (const { from, to, equal } of places) {
    const [old, now] = [runsOfLine(before, from), runsOfLine(after, to)];
    // What is first in one list has no break before it.
    if (equal && (from === 0) === (to === 0)) {
      stretches.add('equal', now);
      continue;
    }
    await turn.yield();
    const changed = from === null || to === null ? null : comparison.words(old, now);
    for (const { op, runs, spelling, markup } of changed ?? [whole('delete', old), whole('insert', now)])
      stretches.add(op, runs, spelling ? 'spelling' : markup ? 'markup' : null);
  }
  return wordsOf(stretches.list);
}

/** A line with the break before it. */
function runsOfLine(all: readonly string[], index: number | null): Run<null>[] {
  const text = index === null ? '' : `${index === 0 ? '' : '\n'}${all[index]}`;
  return text === '' ? [] : [{ text, markup: null, key: '' }];
}

const UNCHANGED = { spelling: false, markup: false };

function whole<Of>(op: Op, runs: readonly Run<Of>[]): Stretch<Of> {
  return { op, runs, ...UNCHANGED };
}

function wordsOf(stretches: readonly Stretch<unknown>[]): Words[] {
  return stretches
    .map(({ op, spelling, markup, runs }) => ({ op, spelling, markup, text: runs.map(({ text }) => text).join('') }))
    .filter(({ text }) => text !== '');
}

/** The blocks of a body: each begins on a line of its own. Within `pre` lines begin with text, or with tags of phrases. */
function topBlocks(html: string): string[] {
  return html === '' ? [] : html.split(/\n(?=<(?:p|h[2-4]|blockquote|[uo]l|table|pre|hr|figure)\b)/);
}

/** The text of a block, near enough to tell it from others. */
function roughText(html: string): string {
  return html.replace(/<\/?(?:p|h[2-4]|li|tr|t[dh]|br|caption|pre)\b[^>]*>/g, ' ').replace(/<[^>]*>/g, '');
}

function deleted(html: string): string {
  // The later body may have a heading of the same name.
  return `<del>${html.replace(/(<h[2-4]\b[^>]*?) id="[^"]*"/g, '$1')}</del>`;
}

function parsed(html: string): Element {
  return (parser.parse(html) as Root).children.find((node) => node.type === 'element')!;
}

function print(node: ElementContent): string {
  return printer.stringify({ type: 'root', children: [node] });
}

/** Lets others have their turn. */
export class Turn {
  private since = performance.now();

  async yield(): Promise<void> {
    if (performance.now() - this.since < TURN_MS) return;
    await nextTurn();
    this.since = performance.now();
  }
}

/** Enough of a block to tell whether it is another one changed. */
interface Sketch {
  readonly tag: string;
  readonly words: ReadonlySet<number> | null;
}

/** An element of both bodies, and the words that were changed in it. */
interface Changed {
  readonly node: Element;
  readonly words: readonly Words[];
}

/** Hold lines or blocks alike, and their marks within. */
const CELLS = new Set(['li', 'td', 'th']);

/** Cells stand in columns, and parts of a table where they are. */
const PAIRED_BY_PLACE = new Set(['td', 'th', 'caption', 'thead', 'tbody']);

/** Come and go whole. */
const INDIVISIBLE = new Set(['figure', 'hr']);

/** Two things laid side by side, or one that went or came. */
interface Place {
  readonly from: number | null;
  readonly to: number | null;
  readonly equal: boolean;
}

class Comparison {
  readonly effort = new Effort();
  readonly likening = new Effort();
  private readonly vocabulary = new Vocabulary();

  constructor(private readonly turn: Turn) {}

  /** @param text of the block, for its words */
  sketch(tag: string, size: number, text: string): Sketch {
    if (size > MOST_PARSED || INDIVISIBLE.has(tag)) return { tag, words: null };
    return { tag, words: new Set(tokens(text).flatMap(({ word }) => (word === '' ? [] : [this.vocabulary.numberOf(word)]))) };
  }

  alike(one: Sketch, other: Sketch): boolean {
    if (one.tag !== other.tag || one.words === null || other.words === null) return false;
    if (PAIRED_BY_PLACE.has(one.tag)) return true;
    const [few, many] = one.words.size < other.words.size ? [one.words, other.words] : [other.words, one.words];
    const least = (ALIKE * (few.size + many.size)) / 2;
    if (few.size < least) return false;
    this.likening.spend(few.size / WORDS_PER_LOOK);
    let shared = 0;
    for (const word of few) if (many.has(word)) shared += 1;
    return shared >= least;
  }

  /**
   * Lays two lists side by side: what is equal first, then what went beside what came and is alike.
   * @param key equal where two are
   * @param sketched asked for what is not in both
   */
  async sideBySide<Item>(
    [left, right]: readonly [readonly Item[], readonly Item[]],
    key: (item: Item) => string,
    sketched: (item: Item) => Sketch,
  ): Promise<Place[]> {
    // Numbers, because long keys take long to compare.
    const numbers = new Map<string, number>();
    const numbered = (item: Item): number => {
      const text = key(item);
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    };
    const [before, after] = [left.map(numbered), right.map(numbered)];
    const way =
      steps([left.length, right.length], (from, to) => before[from] === after[to], this.effort) ?? apart(left.length, right.length);
    const places: Place[] = [];
    for (let index = 0; index < way.length;) {
      if (!isOneSided(way[index]!)) {
        const [from, to] = way[index]!;
        places.push({ from, to, equal: true });
        index += 1;
        continue;
      }
      const [gone, arrived]: [number[], number[]] = [[], []];
      for (; index < way.length && isOneSided(way[index]!); index += 1) {
        const [from, to] = way[index]!;
        if (from !== null) gone.push(from);
        if (to !== null) arrived.push(to);
      }
      const sketches = async (items: readonly Item[], indices: readonly number[]): Promise<Sketch[]> => {
        const made: Sketch[] = [];
        for (const at of indices) {
          made.push(sketched(items[at]!));
          await this.turn.yield();
        }
        return made;
      };
      const [old, now] = [await sketches(left, gone), await sketches(right, arrived)];
      const pairs = steps([gone.length, arrived.length], (from, to) => this.alike(old[from]!, now[to]!), this.likening);
      for (const [from, to] of pairs ?? apart(gone.length, arrived.length))
        places.push({ from: from === null ? null : gone[from]!, to: to === null ? null : arrived[to]!, equal: false });
    }
    return places;
  }

  /** @returns null where they have to come and go whole */
  async change(old: Element, now: Element): Promise<Changed | null> {
    if (attributesOf(old) !== attributesOf(now)) return null;
    const phrases = [old, now].filter(({ children }) => children.every(isPhrasing)).length;
    if (phrases === 1) {
      if (!CELLS.has(now.tagName)) return null;
      const words = [old, now].map((node, side) => ({
        op: (['delete', 'insert'] as const)[side]!,
        text: `${lines(node)}\n`,
        ...UNCHANGED,
      }));
      return { node: { ...now, children: [...marked('delete', old.children), ...marked('insert', now.children)] }, words };
    }
    return phrases === 2 ? this.line(old, now) : this.list(old, now);
  }

  /** @returns null where they have to come and go whole */
  words<Of>(old: readonly Run<Of>[], now: readonly Run<Of>[]): Stretch<Of>[] | null {
    return compareRuns(old, now, this.vocabulary, this.effort);
  }

  private line(old: Element, now: Element): Changed | null {
    const stretches = this.words(runsOf(old.children), runsOf(now.children));
    if (stretches === null) return null;
    const children = stretches.flatMap(({ op, runs }) => marked(op, rendered(runs)));
    return { node: { ...now, children }, words: wordsOf(stretches) };
  }

  /** Of items, rows, cells, paragraphs of a quotation. */
  private async list(old: Element, now: Element): Promise<Changed> {
    const [left, right] = [old, now].map(({ children }) => children.filter((child) => child.type === 'element')) as [Element[], Element[]];
    const [children, words]: [ElementContent[], Words[]] = [[], []];
    const add = (op: Op, node: Element): void => {
      children.push(op === 'equal' ? node : wholly(op, node));
      words.push({ op, text: `${lines(node)}\n`, ...UNCHANGED });
    };
    const sketch = (node: Element): Sketch => this.sketch(node.tagName, 0, lines(node));
    for (const { from, to, equal } of await this.sideBySide([left, right], keyOf, sketch)) {
      if (equal) {
        add('equal', right[to!]!);
        continue;
      }
      await this.turn.yield();
      const changed = from === null || to === null ? null : await this.change(left[from]!, right[to]!);
      if (changed !== null) {
        children.push(changed.node);
        words.push(...changed.words, { op: 'equal', text: '\n', ...UNCHANGED });
        continue;
      }
      if (from !== null) add('delete', left[from]!);
      if (to !== null) add('insert', right[to]!);
    }
    return { node: { ...now, children }, words };
  }
}

/** Equal where the elements are, but for where they stood in their bodies. */
function keyOf(node: Element): string {
  return JSON.stringify(node, (name, value: unknown) => (name === 'position' ? undefined : value));
}

function isOneSided([from, to]: Step): boolean {
  return from === null || to === null;
}

function apart(old: number, now: number): Step[] {
  return [
    ...Array.from({ length: old }, (_, index) => [index, null] as const),
    ...Array.from({ length: now }, (_, index) => [null, index] as const),
  ];
}

/** All but the name of a heading, which follows its words. */
function attributesOf(node: Element): string {
  const { id: _, ...properties } = node.properties;
  return JSON.stringify([node.tagName, Object.entries(properties).toSorted(([one], [other]) => (one < other ? -1 : 1))]);
}

/** The elements around a text, outermost first; the last of them may be one that stands for itself: a line break. */
type Markup = readonly Element[];

function runsOf(nodes: readonly ElementContent[], around: Markup = [], key = ''): Run<Markup>[] {
  return nodes.flatMap((node): Run<Markup>[] => {
    if (node.type === 'text') return node.value === '' ? [] : [{ text: node.value, markup: around, key }];
    if (node.type !== 'element') return [];
    const markup = [...around, node];
    const inner = `${key}${attributesOf(node)}`;
    return standsAlone(node) ? [{ text: textOf(node), markup, key: inner }] : runsOf(node.children, markup, inner);
  });
}

function standsAlone({ tagName, children }: Element): boolean {
  return tagName === 'picture' || children.length === 0;
}

/** What stands for it among words. */
function textOf({ tagName }: Element): string {
  return tagName === 'br' ? '\n' : '\uFFFC';
}

/** Runs as they were, elements that go on over several of them whole again. */
function rendered(runs: readonly Run<Markup>[], depth = 0): ElementContent[] {
  const nodes: ElementContent[] = [];
  for (let index = 0; index < runs.length;) {
    const { text, markup } = runs[index]!;
    const outer = markup[depth];
    if (outer === undefined || standsAlone(outer)) {
      nodes.push(outer ?? { type: 'text', value: text });
      index += 1;
      continue;
    }
    const from = index;
    const kind = attributesOf(outer);
    while (index < runs.length && isSame(runs[index]!.markup[depth], kind)) index += 1;
    nodes.push({ ...outer, children: rendered(runs.slice(from, index), depth + 1) });
  }
  return nodes;
}

function isSame(node: Element | undefined, kind: string): boolean {
  return node !== undefined && !standsAlone(node) && attributesOf(node) === kind;
}

const TAGS = { insert: 'ins', delete: 'del' } as const;

function marked(op: Op, children: ElementContent[]): ElementContent[] {
  return op === 'equal' || children.length === 0 ? children : [{ type: 'element', tagName: TAGS[op], properties: {}, children }];
}

/** Marks a whole element where the mark may stand: within items and cells, around everything else. */
function wholly(op: Exclude<Op, 'equal'>, node: Element): Element {
  const { id: _, ...properties } = node.properties;
  const kept = op === 'delete' ? { ...node, properties } : node;
  const inner = node.children.filter((child) => child.type === 'element');
  if (['table', 'thead', 'tbody', 'tr'].includes(node.tagName)) return { ...kept, children: inner.map((child) => wholly(op, child)) };
  if (CELLS.has(node.tagName) || node.tagName === 'caption') return { ...kept, children: marked(op, node.children) };
  return marked(op, [kept])[0] as Element;
}

/** The text of a block, a line for each that it holds. */
function lines(node: Element): string {
  if (node.children.every(isPhrasing)) return runsOf(node.children).map(({ text }) => text).join(''); // prettier-ignore
  return node.children.flatMap((child) => (child.type === 'element' ? [lines(child)] : [])).join('\n');
}
