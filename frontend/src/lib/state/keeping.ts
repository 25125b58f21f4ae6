import { api, type Item, type LocateResult, sentence } from '../api';
import { library } from './library.svelte';
import { notices } from './notices.svelte';
import { stage } from './stage.svelte';

/** How long it can be taken back that an item is no longer kept, in milliseconds. */
const undoMs = 8000;

/** Whether an item's copy can be kept or given up: it plays, or at least it did when it was kept. */
export function isKeepable(item: Item): boolean {
  return item.kept || item.state === 'linked' || item.state === 'stored';
}

/** Has an item stored, or gives that up, which can be taken back. */
export async function toggleKept(item: Item): Promise<void> {
  if (!item.kept) {
    await change(item, () => api.keep(item.id));
    return;
  }
  const done = await change(item, () => api.unkeep(item.id));
  if (!done) return;
  notices.say(
    {
      tone: 'plain',
      lines: [
        {
          name: item.title,
          message: 'is no longer kept. What is stored of it goes when its room is needed.',
        },
      ],
      action: { label: 'Undo', run: () => void change(item, () => api.keep(item.id)) },
    },
    undoMs,
  );
}

async function change(item: Item, ask: () => Promise<Item>): Promise<boolean> {
  try {
    library.put(await ask());
    return true;
  } catch (thrown) {
    notices.problem(item.title, sentence(thrown));
    return false;
  }
}

/** Asks where the original of an item is now: in the window by the system's dialog, in a browser by its path. */
export async function locate(item: Item, play = false): Promise<void> {
  if (!api.window) {
    stage.locate(item, play);
    return;
  }
  try {
    located(await api.locateFile(item.id), play);
  } catch (thrown) {
    notices.problem(item.title, sentence(thrown));
  }
}

/** Looks for the original of an item in a place. Rejects with an ApiError. */
export async function locateIn(item: Item, path: string, play: boolean): Promise<void> {
  located(await api.locate({ id: item.id, path }), play);
}

function located({ item, also }: LocateResult, play: boolean): void {
  if (!item) return;
  library.put(item);
  const more = also.length === 1 ? 'Another missing one' : `${also.length} more missing ones`;
  const beside = also.length === 0 ? '' : ` ${more} lay beside it.`;
  notices.say({ tone: 'plain', lines: [{ name: item.title, message: `was found.${beside}` }] }, 6000);
  if (play) stage.play(item);
}
