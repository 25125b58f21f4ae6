import { api, type Event, type Link, toApiError, unreachable } from '../api';
import { client } from './client';
import { intake } from './intake.svelte';
import { library } from './library.svelte';
import { notices } from './notices.svelte';
import { flushRemovals } from './removal';

/** The link to the program: whether it answers, and what it says by itself. */
class Program {
  link = $state<Link>('live');

  /** Listens, and asks for what is there. Gives a function that ends it. */
  start(): () => void {
    const stop = api.listen({
      event: (event) => this.#hear(event),
      gap: () => library.doubt(),
      link: (link) => {
        this.link = link;
      },
    });
    void library.reload();
    void intake.pending();
    void this.#report();
    addEventListener('pagehide', flushRemovals);
    return () => {
      removeEventListener('pagehide', flushRemovals);
      stop();
    };
  }

  #hear(event: Event): void {
    switch (event.kind) {
      case 'item':
        library.put(event.item);
        break;
      case 'removed':
        library.drop(event.id);
        break;
      case 'added':
        intake.receive(event.added);
        break;
    }
  }

  async #report(): Promise<void> {
    try {
      const { problem } = await api.reportClient(await client());
      if (problem) notices.problem('Playing videos here', problem.message);
    } catch (thrown) {
      // A program that cannot be reached is shown by its link; any other reason is of no use to the person.
      if (toApiError(thrown).code !== unreachable) console.warn('report client', thrown);
    }
  }
}

export const program = new Program();
