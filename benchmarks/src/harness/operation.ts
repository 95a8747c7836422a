/** The cheapest operation there is: a promise of 1. Whatever a policy adds, shows. */
export async function one(): Promise<number> {
  return 1;
}
