/** Takes a listener back; calling it again does nothing. */
export type Unsubscribe = () => void;

/** What a component tells whoever watches. Events are readonly unions told apart by `type`. */
export interface EventSource<Event> {
  /** Calls `listener` synchronously with each event. It must not change the component from inside the call. */
  subscribe(listener: (event: Event) => void): Unsubscribe;
}

/**
 * The component's own end of an {@link EventSource}. Free while nobody watches, if the component builds its events
 * behind the guard: `if (hub.observed) hub.emit({ … })`.
 *
 * A listener that throws never disturbs the component or the other listeners: its error surfaces as an uncaught one.
 */
export class EventHub<Event> implements EventSource<Event> {
  // Replaced, never changed, so that an emit under way is not disturbed by a listener that comes or goes.
  #listeners: readonly ((event: Event) => void)[] = [];

  get observed(): boolean {
    return this.#listeners.length > 0;
  }

  subscribe(listener: (event: Event) => void): Unsubscribe {
    const own = (event: Event): void => listener(event);
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
    };
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        surface(error);
      }
    }
  }
}

/** Makes the error of a listener an uncaught one, without disturbing whoever called the listener. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
