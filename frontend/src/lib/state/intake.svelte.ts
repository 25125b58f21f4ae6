import { type Added, type AddResult, api, sentence } from '../api';
import { isPlayable, library } from './library.svelte';
import { notices } from './notices.svelte';
import { stage } from './stage.svelte';

/** The most refused files named in one notice. */
const mostNamed = 4;

/** Everything that brings files in, and the one place where they all end: opened, in the library, or refused. */
class Intake {
  #running = $state(0);

  /** True while files are being looked at. */
  readonly busy = $derived(this.#running > 0);

  add(paths: string[]): Promise<void> {
    return this.#take('These files', () => api.add({ paths }));
  }
  sample(): Promise<void> {
    return this.#take('The sample', () => api.sample());
  }
  pickFiles(): Promise<void> {
    return this.#take('These files', () => api.pickFiles(), false);
  }
  /** Takes what arrived before the page was there. */
  pending(): Promise<void> {
    return this.#take('Files', () => api.pending(), false);
  }

  /** Takes in what became of files: the first that plays is opened at once, the refused ones are named. */
  receive(added: Added[]): void {
    for (const { item } of added) if (item) library.put(item);
    const first = added.find(({ item }) => item && isPlayable(item))?.item;
    if (first) stage.play(first);
    const refused = added.flatMap(({ name, problem, item }) => {
      const found = problem ?? (item && !isPlayable(item) ? item.problem : undefined);
      return found ? [{ name, message: found.message }] : [];
    });
    if (refused.length > 0) notices.say({ tone: 'problem', lines: shorten(refused) });
  }

  async #take(name: string, ask: () => Promise<AddResult>, visible = true): Promise<void> {
    if (visible) this.#running++;
    try {
      const { added } = await ask();
      this.receive(added);
    } catch (thrown) {
      notices.problem(name, sentence(thrown));
    } finally {
      if (visible) this.#running--;
    }
  }
}

function shorten(lines: { name: string; message: string }[]): { name: string; message: string }[] {
  if (lines.length <= mostNamed + 1) return lines;
  const more = lines.length - mostNamed;
  return [
    ...lines.slice(0, mostNamed),
    { name: `${more} more files`, message: 'could not be added either.' },
  ];
}

export const intake = new Intake();
