/** Makes a record of the next schema. It gets what a disk held, unchecked, and must not throw over it. */
export type Migration = (record: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/**
 * The migration at index n - 1 takes schema n to n + 1. Entries are only ever added, since records of every earlier
 * version may still lie on a disk. None yet: schema 1 is the first. The form before it, which has no number, cannot
 * become a record, because it names no container; it is listed as a legacy session.
 */
const migrations: readonly Migration[] = [];

/** The schema number of the records that this version writes. */
export const CURRENT_SCHEMA = migrations.length + 1;

/** Brings a record of schema `from` up to the current one. */
export function migrateRecord(
  record: Readonly<Record<string, unknown>>,
  from: number,
  steps: readonly Migration[] = migrations,
): Record<string, unknown> {
  return steps.slice(from - 1).reduce<Record<string, unknown>>((older, step) => step(older), { ...record });
}
