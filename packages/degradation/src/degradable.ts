import { callable } from '@holdfast/core';

/** What decides whether a feature is on: a degradation. */
export interface FeatureGate<Name extends string> {
  isEnabled(feature: Name, subject?: string): boolean;
}

/** Some method of some class. */
export type AnyMethod = (this: never, ...parameters: never[]) => unknown;

export interface DegradableOptions<Fallback extends AnyMethod, Subject extends AnyMethod> {
  /** Runs in place of the method while the feature is off, with the same `this` and parameters. */
  readonly fallback: Fallback;
  /**
   * Says for whom the method is called, from the same `this` and parameters. Defaults to nobody: while the feature comes back,
   * the fallback runs until it is on for all.
   */
  readonly subject?: Subject | undefined;
}

/** A method decorator as of stage 3 of ECMAScript decorators, for methods in whose place the fallback can be called. */
export type DegradableDecorator<Fallback extends AnyMethod, Subject extends AnyMethod> = <
  Method extends AnyMethod,
>(
  method: Method & Fitting<Fallback, Method> & Fitting<Subject, SubjectOf<Method>>,
  context: ClassMethodDecoratorContext,
) => Method;

/** What everything fits, if one type fits the other; else what nothing fits. */
export type Fitting<Given, Wanted> = Given extends Wanted ? unknown : never;
/** Finds the subject of a call from the method's own parameters. */
export type SubjectOf<Method> = Method extends (this: infer This, ...parameters: infer Parameters) => unknown
  ? (this: This, ...parameters: Parameters) => string | undefined
  : never;

/**
 * Decorates a method that may be switched off: `@degradable(degradation, 'suggestions', { fallback: () => [] })`. What the method
 * returns, promise or not, stays what it is.
 */
export function degradable<
  Name extends string,
  Fallback extends AnyMethod,
  Subject extends AnyMethod = () => undefined,
>(
  degradation: FeatureGate<Name>,
  feature: NoInfer<Name>,
  options: DegradableOptions<Fallback, Subject>,
): DegradableDecorator<Fallback, Subject> {
  const fallback = callable('fallback', options.fallback) as unknown as Untyped<unknown>;
  const subjectOf = callable('subject', options.subject ?? nobody) as unknown as Untyped<string | undefined>;
  // An unknown name is told where the class is declared, not at the first call.
  degradation.isEnabled(feature);
  return <Method extends AnyMethod>(method: Method): Method => {
    function degraded(this: unknown, ...parameters: unknown[]): unknown {
      const isOn = degradation.isEnabled(feature, subjectOf.apply(this, parameters));
      return (isOn ? (method as unknown as Untyped<unknown>) : fallback).apply(this, parameters);
    }
    return degraded as unknown as Method;
  };
}

/** A method once its parameters are checked. */
type Untyped<Result> = (this: unknown, ...parameters: unknown[]) => Result;

function nobody(): undefined {
  return undefined;
}
