import { api, type Item, sentence } from '../api';
import { library } from './library.svelte';
import { notices } from './notices.svelte';

/** How long a removal can be taken back. */
const undoMs = 8000;

const waiting = new Map<string, number>();

/**
 * Removes an item, with time to take it back: it is out of sight at once, and forgotten only when the time is over.
 * Should the program end before, the item is still there, which is the safe side.
 */
export function removeItem(item: Item): void {
  if (waiting.has(item.id)) return;
  library.hide(item.id);
  const notice = notices.say(
    {
      tone: 'plain',
      lines: [{ name: item.title, message: 'was removed from the library. The file itself stays.' }],
      action: {
        label: 'Undo',
        run: () => {
          waiting.delete(item.id);
          library.show(item.id);
        },
      },
      ongone: () => void forget(item),
    },
    undoMs,
  );
  waiting.set(item.id, notice);
}

/** Carries out what still waits, because the page goes away. */
export function flushRemovals(): void {
  const ids = [...waiting.keys()];
  waiting.clear();
  if (ids.length > 0) api.farewell('remove', { ids });
}

async function forget(item: Item): Promise<void> {
  if (!waiting.delete(item.id)) return;
  try {
    await api.remove([item.id]);
    library.drop(item.id);
  } catch (thrown) {
    library.show(item.id);
    notices.problem(item.title, sentence(thrown));
  }
}
