import { type EventSource, methods, type Unsubscribe } from '@holdfast/core';
import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
  StandardResolutionReasons,
} from '@openfeature/server-sdk';
import type { DegradationEvent } from '../events.ts';
import type { FeatureStatus } from '../feature-set.ts';
import type { Level } from '../levels.ts';

/** What is asked of a degradation. */
export interface Vetoing {
  readonly events: EventSource<DegradationEvent>;
  readonly level: Level;
  readonly score: number;
  features(): readonly FeatureStatus[];
  isEnabled(feature: string, subject?: string): boolean;
}

/**
 * A provider that knows one answer: no. The flag with the name of a feature that is off is `false`, for the reason `DISABLED`;
 * flags of other types have their default then. All else is not found here, so that behind a `MultiProvider` with
 * `FirstMatchStrategy`, with this provider first, the next one answers.
 *
 * The subject is the context's `targetingKey`. When features go off and come back, `PROVIDER_CONFIGURATION_CHANGED` tells which,
 * all of one sample at once.
 */
export class VetoProvider implements Provider {
  readonly metadata: { readonly name: string } = { name: 'holdfast-degradation' };
  readonly runsOn = 'server';
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter();
  readonly #degradation: Vetoing;
  readonly #unsubscribe: Unsubscribe;
  #shares: ReadonlyMap<string, number>;
  #telling = false;

  constructor(degradation: Vetoing) {
    this.#degradation = methods('degradation', degradation, 'isEnabled', 'features');
    this.#shares = this.#readShares();
    this.#unsubscribe = degradation.events.subscribe((event) => {
      if ('feature' in event && !event.dryRun) this.#tellSoon();
    });
  }

  async resolveBooleanEvaluation(
    flagKey: string,
    defaultValue: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(flagKey, { veto: false, otherwise: defaultValue }, context);
  }

  async resolveStringEvaluation(
    flagKey: string,
    defaultValue: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#resolve(flagKey, { veto: defaultValue, otherwise: defaultValue }, context);
  }

  async resolveNumberEvaluation(
    flagKey: string,
    defaultValue: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.#resolve(flagKey, { veto: defaultValue, otherwise: defaultValue }, context);
  }

  async resolveObjectEvaluation<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#resolve(flagKey, { veto: defaultValue, otherwise: defaultValue }, context);
  }

  /** Called by the SDK when the provider is replaced. */
  async onClose(): Promise<void> {
    this.#unsubscribe();
  }

  /** Not found is an answer here and no exception: each call of an enabled flag comes by. */
  #resolve<T>(
    feature: string,
    { veto, otherwise }: { readonly veto: T; readonly otherwise: T },
    { targetingKey }: EvaluationContext,
  ): ResolutionDetails<T> {
    const { level, score } = this.#degradation;
    if (!this.#shares.has(feature) || this.#degradation.isEnabled(feature, targetingKey))
      return {
        value: otherwise,
        reason: StandardResolutionReasons.ERROR,
        errorCode: ErrorCode.FLAG_NOT_FOUND,
      };
    return {
      value: veto,
      reason: StandardResolutionReasons.DISABLED,
      flagMetadata: { feature, level, score },
    };
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#telling = false;
    const shares = this.#readShares();
    const flagsChanged = [...shares.keys()].filter((name) => shares.get(name) !== this.#shares.get(name));
    this.#shares = shares;
    if (flagsChanged.length === 0) return;
    this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
  }

  #readShares(): ReadonlyMap<string, number> {
    return new Map(this.#degradation.features().map(({ name, shareRatio }) => [name, shareRatio]));
  }
}
