import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { explore, type Step, type World } from './explorer.ts';

/** Processes that each take steps in their order; a step is what it touches, in capitals if it changes it. */
function world(programs: readonly string[], orders: string[] = []) {
  return async (): Promise<World> => {
    const done = programs.map(() => 0);
    const order: string[] = [];
    return {
      steps: () => programs.flatMap((program, index) => stepOf(program, index, done[index] ?? 0)),
      take: async ({ name }) => {
        order.push(name);
        const index = Number(name[0]);
        done[index] = (done[index] ?? 0) + 1;
      },
      finish: async (isComplete) => {
        if (isComplete) orders.push(order.join(' '));
        return order.join().includes('0X0,1X0') ? ['1 came after 0'] : [];
      },
    };
  };
}

function stepOf(program: string, index: number, at: number): Step[] {
  const letter = program[at];
  if (letter === undefined) return [];
  const what = letter.toLowerCase();
  const touches = [
    { what, changes: letter !== what },
    { what: `order of ${index}`, changes: true },
  ];
  return [{ name: `${index}${letter}${at}`, touches }];
}

/** Every order of the programs, each told from others only by the order of steps that touch the same. */
function kindsOf(programs: readonly string[], order = '', done = programs.map(() => 0)): Set<string> {
  const next = programs.flatMap((program, index) => stepOf(program, index, done[index] ?? 0));
  if (next.length === 0) return new Set([kindOf(order.trim().split(' '))]);
  const kinds = new Set<string>();
  for (const { name } of next) {
    const after = done.map((count, index) => (index === Number(name[0]) ? count + 1 : count));
    for (const kind of kindsOf(programs, `${order} ${name}`, after)) kinds.add(kind);
  }
  return kinds;
}

function kindOf(names: readonly string[]): string {
  const pairs = names.flatMap((name, index) =>
    names.slice(index + 1).flatMap((later) => (isFixed(name, later) ? [`${name}<${later}`] : [])),
  );
  return pairs.toSorted().join();
}

function isFixed(one: string, other: string): boolean {
  const [a = '', b = ''] = [one[1], other[1]];
  if (one[0] === other[0]) return true;
  return a.toLowerCase() === b.toLowerCase() && (a !== a.toLowerCase() || b !== b.toLowerCase());
}

describe('the explorer of schedules', () => {
  it('runs every order of steps that touch each other', async () => {
    const orders: string[] = [];

    expect(await explore(world(['AA', 'AA', 'AA'], orders))).toMatchObject({ schedules: 90, problems: [] });
    expect(new Set(orders).size).toBe(90);
  });

  it('runs one order of steps that do not touch each other', async () => {
    expect(await explore(world(['AA', 'BB', 'CC']))).toMatchObject({ schedules: 1 });
    expect(await explore(world(['aa', 'aa']))).toMatchObject({ schedules: 1 });
  });

  it('runs one order of each kind, whatever the steps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'B'), minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 3,
        }),
        async (programs) => {
          const orders: string[] = [];
          const { schedules } = await explore(world(programs, orders));

          expect(new Set(orders.map((order) => kindOf(order.split(' '))))).toEqual(kindsOf(programs));
          expect(schedules).toBe(kindsOf(programs).size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says what went wrong and how', async () => {
    const { problems } = await explore(world(['X', 'X']));

    expect(problems).toEqual(['1 came after 0', '0X0', '1X0']);
  });
});
