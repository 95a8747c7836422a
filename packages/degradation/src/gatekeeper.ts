import { type Clock, InvalidOptionError } from '@holdfast/core';
import {
  type Admission,
  type CallCriticality,
  callCriticalities,
  hourOf,
  refusedRatio,
} from './admission.ts';
import { cohortOf } from './cohort.ts';
import type { Level } from './levels.ts';
import type { RefusalLog } from './refusal-log.ts';

/** A shorter wait would bring the refused back before anything can have changed. */
const shortestRetryMs = 1_000;
/** How far waits are spread over the subjects. */
const retrySpreadRatio = 0.25;

/** What calls of one criticality meet. */
interface Gate {
  readonly refusedRatio: number;
  /** The same object for all that come in until the next sample. */
  readonly admitted: Admission;
}

type Gates = Readonly<Record<CallCriticality, Gate>>;

/** What a sample changes for calls. */
export interface GateSetting {
  readonly level: Level;
  readonly pressure: number;
  readonly calmAfterMs: number;
}

/** Lets calls in or refuses them. What it looks up per call is computed once per sample. */
export class Gatekeeper {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: RefusalLog;
  /** Whether all come in, and what would be refused is only counted. */
  readonly #dryRun: boolean;
  #setting: GateSetting = { level: 'normal', pressure: 0, calmAfterMs: 0 };
  #gates: Gates = gatesAt(this.#setting);
  #hour = 0;

  constructor(
    {
      clock,
      random,
      dryRun,
    }: { readonly clock: Clock; readonly random: () => number; readonly dryRun: boolean },
    log: RefusalLog,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#dryRun = dryRun;
    this.#log = log;
  }

  update(setting: GateSetting): void {
    const { level, pressure } = this.#setting;
    if (setting.level !== level || setting.pressure !== pressure) this.#gates = gatesAt(setting);
    this.#setting = setting;
    this.#hour = hourOf(this.#clock.epoch());
  }

  admit(criticality: CallCriticality, subject: string | undefined): Admission {
    const gate = this.#gates[criticality] as Partial<Gate> | undefined;
    const ratio = gate?.refusedRatio;
    // Whatever else an object has is no gate.
    if (gate?.admitted === undefined || ratio === undefined) throw unknownCriticality(criticality);
    if (ratio === 0) return gate.admitted;
    // Below the ratio a subject is refused, and its place there spreads the waits.
    const lot = subject === undefined ? this.#random() : cohortOf(subject, this.#hour);
    if (lot >= ratio) return gate.admitted;
    this.#log.count(criticality);
    return this.#dryRun ? gate.admitted : this.#refuse(ratio, lot / ratio);
  }

  #refuse(ratio: number, spread: number): Admission {
    const { level, calmAfterMs } = this.#setting;
    const waitMs = Math.max(shortestRetryMs, calmAfterMs) * (1 + retrySpreadRatio * spread);
    return { admitted: false, refusedRatio: ratio, level, retryAfterMs: Math.ceil(waitMs) };
  }
}

function gatesAt({ level, pressure }: GateSetting): Gates {
  const gateOf = (criticality: CallCriticality): Gate => {
    const ratio = refusedRatio(criticality, pressure);
    const admitted = Object.freeze({ admitted: true, refusedRatio: ratio, level, retryAfterMs: 0 });
    return { refusedRatio: ratio, admitted };
  };
  return {
    sheddable: gateOf('sheddable'),
    degradable: gateOf('degradable'),
    normal: gateOf('normal'),
    critical: gateOf('critical'),
    system: gateOf('system'),
  };
}

function unknownCriticality(value: unknown): InvalidOptionError {
  const choices = callCriticalities.map((each) => `'${each}'`).join(', ');
  return new InvalidOptionError('criticality', `one of ${choices}`, value);
}
