import type { Operation } from '@holdfast/core';
import { Dedupe } from '@holdfast/dedupe';
import { type DedupedQuery, useDedupedQuery } from '@holdfast/dedupe/react';
import { act, createElement, Fragment } from 'react';
import { create, type ReactTestRenderer } from 'react-test-renderer';
import { beforeAll, onTestFinished, vi } from 'vitest';

import { Backend } from '../model/backend.ts';

beforeAll(() => {
  Reflect.set(globalThis, 'IS_REACT_ACT_ENVIRONMENT', true);
  // What it says of itself at each use is not about the hook.
  const say = console.error;
  vi.spyOn(console, 'error').mockImplementation((...parts: unknown[]) => {
    if (!String(parts[0]).includes('react-test-renderer is deprecated')) say(...parts);
  });
});

interface Reader {
  readonly name: string;
  readonly ask: string | undefined;
  /** In place of those that the test has set up. */
  readonly of?: Dedupe;
  readonly by?: Operation<unknown>;
}

/** Components that ask for something, a backend that answers when the test says so, and what they show. */
export function setUp(dedupe = new Dedupe()) {
  const backend = new Backend();
  const seen = new Map<string, DedupedQuery<unknown>>();
  const Show = ({ name, ask, of = dedupe, by = (context) => backend.operation(context) }: Reader): null => {
    seen.set(name, useDedupedQuery(of, ask, by));
    return null;
  };
  const tree = (readers: readonly Reader[]) =>
    createElement(
      Fragment,
      undefined,
      readers.map((props) => createElement(Show, { ...props, key: props.name })),
    );
  let root: ReactTestRenderer | undefined;
  const show = (...readers: readonly Reader[]): Promise<void> =>
    act(async () => {
      if (root === undefined) root = create(tree(readers));
      else root.update(tree(readers));
    });
  onTestFinished(() => act(async () => root?.unmount()));
  const state = (name: string): unknown => {
    const { refresh: _, ...rest } = seen.get(name)!;
    return rest;
  };
  return { backend, dedupe, seen, show, state, tree };
}

export const pending = { status: 'pending', data: undefined, error: undefined };
export const success = (data: unknown) => ({ status: 'success', data, error: undefined });
