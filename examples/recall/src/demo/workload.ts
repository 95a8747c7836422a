import { SeededRandom } from '../corpus/random.ts';
import type { LoadPhase, PlannedRequest } from './load-phase.ts';

/** What the requests are about: real users, items and words of the corpus. */
export interface WorkloadSource {
  readonly seed: number;
  readonly users: readonly string[];
  /** Ids of items that every user has a copy of, by user. */
  readonly items: Readonly<Record<string, readonly string[]>>;
  /** Titles of sections, the most popular first. */
  readonly titles: readonly string[];
}

/** The mix that the product was specified with: 40 % predict, 30 % suggest, 20 % search, the rest reads and events. */
const mix = [
  { upTo: 0.4, plan: 'predict' },
  { upTo: 0.7, plan: 'suggest' },
  { upTo: 0.9, plan: 'search' },
  { upTo: 0.95, plan: 'read' },
  { upTo: 1, plan: 'event' },
] as const;

/** A seeded stream of requests. The same seed gives the same requests. */
export class Workload {
  readonly #source: WorkloadSource;
  readonly #random: SeededRandom;
  #sent = 0;

  constructor(source: WorkloadSource) {
    this.#source = source;
    this.#random = new SeededRandom(source.seed);
  }

  next(spread: LoadPhase['spread']): PlannedRequest {
    this.#sent += 1;
    const dice = this.#random.next();
    const user = this.#pick(this.#source.users, spread);
    switch (mix.find(({ upTo }) => dice < upTo)?.plan ?? 'predict') {
      case 'predict':
        return { method: 'GET', path: '/v1/predictions?limit=5', user };
      case 'suggest':
        return {
          method: 'POST',
          path: '/v1/suggestions',
          user,
          body: { text: this.#phrase(spread), limit: 5 },
        };
      case 'search':
        return {
          method: 'GET',
          path: `/v1/search?limit=10&q=${encodeURIComponent(this.#phrase(spread))}`,
          user,
        };
      case 'read':
        return { method: 'GET', path: `/v1/items/${this.#itemOf(user, spread)}`, user };
      case 'event':
        return { method: 'POST', path: '/v1/events', user, body: { events: [this.#eventOf(user, spread)] } };
    }
  }

  #phrase(spread: LoadPhase['spread']): string {
    const title = this.#pick(this.#source.titles, spread);
    // A wide spread adds a word, so that hardly any two requests are alike and no cache can help.
    return spread === 'wide'
      ? `${title} ${this.#pick(this.#source.titles, 'wide').split(' ')[0] ?? ''}`
      : title;
  }

  #itemOf(user: string, spread: LoadPhase['spread']): string {
    return this.#pick(this.#source.items[user] ?? [], spread);
  }

  #eventOf(user: string, spread: LoadPhase['spread']): object {
    return {
      eventId: `load-${this.#source.seed}-${this.#sent}`,
      itemId: this.#itemOf(user, spread),
      origin: 'open',
    };
  }

  /** Popular choices follow Zipf's law with exponent 1, approximated by an exponential of the rank. */
  #pick<Choice>(choices: readonly Choice[], spread: LoadPhase['spread']): Choice {
    const share =
      spread === 'wide' ? this.#random.next() : (choices.length ** this.#random.next() - 1) / choices.length;
    const choice = choices[Math.min(choices.length - 1, Math.floor(share * choices.length))];
    if (choice === undefined) throw new Error('the workload has nothing to choose from');
    return choice;
  }
}
