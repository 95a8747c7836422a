import { keyOf, type ScopeRows } from './scope-rows.ts';
import { SubjectRecord } from './subject-record.ts';

/** A subject's row at one instant, within a transaction: read, changed through its record, and saved. */
export class OpenRow {
  readonly record: SubjectRecord;
  readonly now: number;
  readonly #rows: ScopeRows;
  readonly #key: Uint8Array;
  readonly #isNew: boolean;

  constructor(rows: ScopeRows, subject: string, now: number) {
    this.#rows = rows;
    this.#key = keyOf(subject);
    this.now = now;
    const found = rows.find(this.#key, now);
    this.record = found ?? new SubjectRecord();
    this.#isNew = found === undefined;
  }

  save(): void {
    if (this.#isNew) this.#rows.add(this.#key, this.record, this.now);
    else this.#rows.update(this.#key, this.record, this.now);
  }

  remove(): void {
    this.#rows.remove(this.#key);
  }
}
