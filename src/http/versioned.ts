import type { EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { foldSlug } from '../text/slug.js';
import { acceptedSlug, noSuchThing, staleVersion } from './refusals.js';

/** A row that editors change, each from the version they saw. */
interface Versioned extends ObjectLiteral {
  readonly id: number;
  readonly version: number;
}

/** @returns the row as it is. @throws Problem 404 `not_found` */
export async function found<Row extends Versioned>(tx: EntityManager, entity: EntityTarget<Row>, id: number): Promise<Row> {
  const row = await tx.getRepository(entity).findOneBy({ id } as FindOptionsWhere<Row>);
  if (row === null) throw noSuchThing();
  return row;
}

/** @returns the row as it is, and stays for everybody else until the transaction ends. @throws Problem 404 `not_found` */
export async function held<Row extends Versioned>(tx: EntityManager, entity: EntityTarget<Row>, id: number): Promise<Row> {
  const row = await tx.getRepository(entity).findOne({ where: { id } as FindOptionsWhere<Row>, lock: { mode: 'for_no_key_update' } });
  if (row === null) throw noSuchThing();
  return row;
}

/**
 * Writes columns, if the row is still what the editor saw.
 * @param before the row as {@link held} gave it @param version the one the editor saw
 * @param columns undefined ones stay as they are
 * @returns the row as it is now
 * @throws Problem 409 `stale_version`
 */
export async function advanced<Row extends Versioned>(
  tx: EntityManager,
  entity: EntityTarget<Row>,
  before: Row,
  version: number,
  columns: Partial<Row>,
): Promise<Row> {
  const rows = tx.getRepository(entity);
  const seen = { id: before.id, version } as FindOptionsWhere<Row>;
  const { affected } = await rows.update(seen, { ...columns, version: () => 'version + 1' } as Parameters<typeof rows.update>[1]);
  if (affected === 0) throw staleVersion(before.version);
  return rows.findOneByOrFail({ id: before.id } as FindOptionsWhere<Row>);
}

/**
 * The columns of a slug that an editor chose. The one that the row has may be sent back as it came, also where a number made it longer than
 * a chosen one may be.
 * @throws Problem 422 `slug_invalid`
 */
export function changedSlug(before: { readonly slug: string }, wish: string | undefined): { slug?: string; slugFolded?: string } {
  if (wish === undefined || wish === before.slug) return {};
  const slug = acceptedSlug(wish);
  return { slug, slugFolded: foldSlug(slug) };
}
