import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Element, ElementContent, Root } from 'hast';
import rehypeParse from 'rehype-parse';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import { isPhrasing } from './body.js';
import { Effort, Vocabulary, compareRuns, steps, tokens, type Op, type Run, type Step, type Stretch } from './word-diff.js';

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

/** Blocks larger than this (UTF-16 units) come and go whole: parsing holds up the server, 12,000 for up to 20 ms (measured, Node 20, one core). */
const MOST_PARSED = 12_000;

/** Blocks this alike, by their words, are one block that was changed (Sørensen and Dice; 1 is equal). */
const ALIKE = 0.5;

/** So many differences are looked for in the order of blocks that are not equal: each takes a look at all their words. */
const MOST_SHIFTS = 250;

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
export async function compareBodies(earlier: string, later: string): Promise<Block[]> {
  const [old, now] = [topBlocks(earlier), topBlocks(later)];
  const comparison = new Comparison();
  const turn = new Turn();
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
    return equal(from, to) || (!!one && !!other && alike(one, other));
  };
  const lengths = [old.length, now.length] as const;
  const way = steps(lengths, related, comparison.effort, MOST_SHIFTS) ?? steps(lengths, equal, comparison.effort) ?? apart(...lengths);
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
    const changed = comparison.change(before, after);
    if (changed === null) replaced([old[from]!], [now[to]!]);
    else result.push({ op: changed.words.every(({ op }) => op === 'equal') ? 'equal' : 'change', html: print(changed.node), words: changed.words, moved: false }); // prettier-ignore
  }
  return result;
}

/** Compares two lines of text; what would take too long went and came whole. */
export function compareLines(before: string, after: string): Words[] {
  const runs = (text: string): Run<null>[] => (text === '' ? [] : [{ text, markup: null, key: '' }]);
  const stretches = compareRuns(runs(before), runs(after), new Vocabulary(), new Effort());
  return wordsOf(stretches ?? [whole('delete', runs(before)), whole('insert', runs(after))]);
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
class Turn {
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

class Comparison {
  readonly effort = new Effort();
  private readonly vocabulary = new Vocabulary();

  /** @param text of the block, for its words */
  sketch(tag: string, size: number, text: string): Sketch {
    if (size > MOST_PARSED || INDIVISIBLE.has(tag)) return { tag, words: null };
    return { tag, words: new Set(tokens(text).flatMap(({ word }) => (word === '' ? [] : [this.vocabulary.numberOf(word)]))) };
  }

  /** Which of the blocks that went are those that came, changed. */
  pairs(gone: readonly Sketch[], arrived: readonly Sketch[]): Step[] {
    return (
      steps([gone.length, arrived.length], (from, to) => alike(gone[from]!, arrived[to]!), this.effort, MOST_SHIFTS) ??
      apart(gone.length, arrived.length)
    );
  }

  /** @returns null where they have to come and go whole */
  change(old: Element, now: Element): Changed | null {
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

  private line(old: Element, now: Element): Changed | null {
    const stretches = compareRuns(runsOf(old.children), runsOf(now.children), this.vocabulary, this.effort);
    if (stretches === null) return null;
    const children = stretches.flatMap(({ op, runs }) => marked(op, rendered(runs)));
    return { node: { ...now, children }, words: wordsOf(stretches) };
  }

  /** Of items, rows, cells, paragraphs of a quotation. */
  private list(old: Element, now: Element): Changed {
    const [left, right] = [old, now].map(({ children }) => children.filter((child) => child.type === 'element')) as [Element[], Element[]];
    const [before, after] = [left, right].map((nodes) => new Map(nodes.map((node) => [node, keyOf(node)]))) as [Keys, Keys];
    const [children, words]: [ElementContent[], Words[]] = [[], []];
    const add = (op: Op, node: Element): void => {
      children.push(op === 'equal' ? node : wholly(op, node));
      words.push({ op, text: `${lines(node)}\n`, ...UNCHANGED });
    };
    const same = (from: number, to: number): boolean => before.get(left[from]!) === after.get(right[to]!);
    const way = steps([left.length, right.length], same, this.effort) ?? apart(left.length, right.length);
    for (let index = 0; index < way.length;) {
      const [from, to] = way[index]!;
      if (from !== null && to !== null) {
        add('equal', right[to]!);
        index += 1;
        continue;
      }
      const [gone, arrived]: [Element[], Element[]] = [[], []];
      for (; index < way.length && isOneSided(way[index]!); index += 1) {
        const [one, other] = way[index]!;
        if (one !== null) gone.push(left[one]!);
        if (other !== null) arrived.push(right[other]!);
      }
      const sketches = [gone, arrived].map((nodes) => nodes.map((node) => this.sketch(node.tagName, 0, lines(node)))) as [Sketch[], Sketch[]]; // prettier-ignore
      for (const [one, other] of this.pairs(...sketches)) {
        const changed = one === null || other === null ? null : this.change(gone[one]!, arrived[other]!);
        if (changed !== null) {
          children.push(changed.node);
          words.push(...changed.words, { op: 'equal', text: '\n', ...UNCHANGED });
          continue;
        }
        if (one !== null) add('delete', gone[one]!);
        if (other !== null) add('insert', arrived[other]!);
      }
    }
    return { node: { ...now, children }, words };
  }
}

type Keys = Map<Element, string>;

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

function alike(one: Sketch, other: Sketch): boolean {
  if (one.tag !== other.tag || one.words === null || other.words === null) return false;
  if (PAIRED_BY_PLACE.has(one.tag)) return true;
  const [few, many] = one.words.size < other.words.size ? [one.words, other.words] : [other.words, one.words];
  const least = (ALIKE * (few.size + many.size)) / 2;
  if (few.size < least) return false;
  let shared = 0;
  for (const word of few) if (many.has(word)) shared += 1;
  return shared >= least;
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
