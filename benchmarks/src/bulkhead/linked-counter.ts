interface Entry {
  readonly resolve: () => void;
  next: Entry | undefined;
}

/** The least that limits concurrency: a counter, and a linked list of those who wait. */
export class LinkedCounter {
  #free: number;
  #first: Entry | undefined;
  #last: Entry | undefined;

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#push({ resolve, next: undefined }));
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  #push(entry: Entry): void {
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  #release(): void {
    const entry = this.#first;
    if (entry === undefined) {
      this.#free += 1;
      return;
    }
    this.#first = entry.next;
    if (entry.next === undefined) this.#last = undefined;
    entry.resolve();
  }
}
