/** What a node knows about its fleet after an exchange, itself included. */
export interface Fleet {
  /** Nodes that told something of late. */
  readonly live: number;
  /** Those of them whose circuit is open. */
  readonly open: number;
  /** Those of them that have calls in their window. */
  readonly busy: number;
  readonly calls: number;
  readonly failures: number;
  /** Whether this node may make trial calls. */
  readonly leased: boolean;
}

export interface SuspicionTerms {
  readonly quorum: number;
  readonly failureRatio: number;
  readonly minCalls: number;
}

/** How many times the calls that one circuit is judged by make a fleet's ratio one to go by. */
const fleetFactor = 5;

/** @throws {TypeError} when it is not what the script returns. */
export function fleetOf(answer: unknown): Fleet {
  if (!Array.isArray(answer) || answer.length !== 6 || !answer.every(Number.isSafeInteger))
    throw new TypeError('not an answer to an exchange');
  const [live, open, busy, calls, failures, leased] = answer as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { live, open, busy, calls, failures, leased: leased === 1 };
}

/**
 * Whether the fleet as a whole says that the dependency is in trouble: half of its circuits are open, and at least a quorum;
 * or its calls taken together fail as those of one circuit must to open it, over many more calls and more than one
 * node. A node that is alone in its trouble convinces nobody.
 */
export function isSuspect({ live, open, busy, calls, failures }: Fleet, terms: SuspicionTerms): boolean {
  if (open >= Math.max(terms.quorum, live / 2)) return true;
  if (busy < 2 || calls < fleetFactor * terms.minCalls) return false;
  return failures / calls >= terms.failureRatio;
}
