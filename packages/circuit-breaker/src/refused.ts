const settled = Promise.resolve();

/**
 * A promise that is rejected a turn of microtasks from now. One that is rejected when it is handed out costs the
 * platform's bookkeeping for rejections that nobody handles, which is more than all the rest of a refusal, although its
 * caller is about to await it.
 */
export function refused(reason: unknown): Promise<never> {
  return new Promise((_resolve, reject) => {
    void settled.then(() => reject(reason));
  });
}
