type Resource = Disposable | AsyncDisposable;

/** Whatever the service holds, let go in the reverse of the order in which it was taken. */
export class Resources implements AsyncDisposable {
  readonly #held: Resource[] = [];

  own<Held extends Resource>(resource: Held): Held {
    this.#held.push(resource);
    return resource;
  }

  /** One that fails does not keep the others; the first failure is thrown in the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      try {
        if (Symbol.asyncDispose in held) await held[Symbol.asyncDispose]();
        else held[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
