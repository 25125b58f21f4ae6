import { api, type Api, type Item, sentence } from '../api';

/** Items asked for at a time. */
export const pageSize = 100;

/** How long to wait after a change before the list is asked for again: changes come in crowds. */
const settleMs = 400;

/**
 * The library as the page knows it: as long as the whole answer, with the items that were asked for, latest first.
 */
export class Library {
  /** One place per item of the answer; undefined until it was asked for. Replaced, never changed in place. */
  items = $state.raw<(Item | undefined)[]>([]);
  query = $state('');
  /** The words that the places are an answer to: behind `query` while the program is looking. */
  answered = $state('');
  /** Items with work under way in the background, whether or not they are among the places. */
  working = $state.raw<ReadonlyMap<string, Item>>(new Map());
  usedBytes = $state(0);
  /** False until the program answered for the first time. */
  ready = $state(false);
  /** Why the library cannot be shown, when it cannot. */
  problem = $state('');

  #hidden = $state.raw<ReadonlySet<string>>(new Set());
  #api: Pick<Api, 'items'>;
  #fresh = new Set<number>();
  #asked = new Map<number, number>();
  #generation = 0;
  #needed: [number, number] = [0, 0];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Pick<Api, 'items'> = api) {
    this.#api = source;
  }

  /** What is to be shown: all but the items that are about to go. */
  readonly shown = $derived.by(() => {
    const hidden = this.#hidden;
    if (hidden.size === 0) return this.items;
    return this.items.filter((item) => !item || !hidden.has(item.id));
  });

  /** Items that were begun and not finished, the last one watched first. */
  readonly resumable = $derived(
    this.shown
      .filter((item) => item !== undefined)
      .filter(isResumable)
      .sort((a, b) => Date.parse(b.playedAt || b.addedAt) - Date.parse(a.playedAt || a.addedAt)),
  );

  /** True when there is nothing in it, not only nothing found. */
  readonly empty = $derived(
    this.ready && this.query === '' && this.answered === '' && this.shown.length === 0,
  );

  find(id: string): Item | undefined {
    return this.items.find((item) => item?.id === id);
  }

  /** Asks for the items whose words begin so. */
  async search(query: string): Promise<void> {
    if (query === this.query) return;
    this.query = query;
    await this.reload();
  }

  /** Asks again for what is being looked at. What is known stays until the answer is there. */
  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#generation++;
    this.#fresh.clear();
    await this.#ask(0);
    const [from, to] = this.#needed;
    await this.need(from, to);
  }

  /** Says which places are being looked at: what is missing of them is asked for. */
  async need(from: number, to: number): Promise<void> {
    this.#needed = [from, to];
    const last = Math.min(to + this.#hidden.size, this.items.length) - 1;
    const pages: Promise<void>[] = [];
    for (let page = Math.floor(Math.max(from, 0) / pageSize); page * pageSize <= last; page++) {
      if (!this.#fresh.has(page)) pages.push(this.#ask(page));
    }
    await Promise.all(pages);
  }

  /** Takes in an item that was added or has changed. */
  put(item: Item): void {
    this.#notice([item]);
    const at = this.items.findIndex((known) => known?.id === item.id);
    if (at >= 0) {
      this.items = this.items.with(at, item);
      return;
    }
    const first = this.items[0];
    const newest = !first || Date.parse(item.addedAt) >= Date.parse(first.addedAt);
    if (this.ready && this.query === '' && newest) {
      this.items = [item, ...this.items];
      this.#shifted();
      return;
    }
    // Found by the words, or in a place that was not asked for yet: only the program knows.
    this.#settle();
  }

  /** Forgets an item that is gone. */
  drop(id: string): void {
    this.show(id);
    this.#notice([], id);
    const left = this.items.filter((item) => item?.id !== id);
    if (left.length === this.items.length) return;
    this.items = left;
    this.#shifted();
  }

  /** Events were lost: what is known may be old. */
  doubt(): void {
    this.#settle();
  }

  /** Takes an item out of sight while its removal can still be undone. */
  hide(id: string): void {
    this.#hidden = new Set([...this.#hidden, id]);
  }

  show(id: string): void {
    if (!this.#hidden.has(id)) return;
    this.#hidden = new Set([...this.#hidden].filter((other) => other !== id));
  }

  async #ask(page: number): Promise<void> {
    const generation = this.#generation;
    if (this.#asked.get(page) === generation) return;
    this.#asked.set(page, generation);
    try {
      const answer = await this.#api.items({ query: this.query, offset: page * pageSize, limit: pageSize });
      if (generation !== this.#generation) return;
      this.#place(page * pageSize, answer.items, answer.total);
      this.#notice(answer.items);
      this.answered = this.query;
      this.#fresh.add(page);
      this.usedBytes = answer.usedBytes;
      this.problem = '';
      this.ready = true;
    } catch (thrown) {
      if (generation === this.#generation) this.problem = sentence(thrown);
    } finally {
      if (this.#asked.get(page) === generation) this.#asked.delete(page);
    }
  }

  #place(offset: number, got: Item[], total: number): void {
    const ids = new Set(got.map((item) => item.id));
    const next = Array.from({ length: Math.max(total, 0) }, (_, i) => {
      const known = this.items[i];
      // The list may have moved since: an item is in one place only.
      return known && ids.has(known.id) ? undefined : known;
    });
    got.forEach((item, i) => {
      if (offset + i < next.length) next[offset + i] = item;
    });
    this.items = next;
  }

  /** Keeps the list of work up to date. */
  #notice(items: Item[], gone?: string): void {
    const changes = items.some((item) => item.progress !== undefined || this.working.has(item.id));
    if (!changes && (gone === undefined || !this.working.has(gone))) return;
    const working = new Map(this.working);
    for (const item of items) {
      if (item.progress) working.set(item.id, item);
      else working.delete(item.id);
    }
    if (gone !== undefined) working.delete(gone);
    this.working = working;
  }

  /** After places moved, a page is fresh only while all its places are known. */
  #shifted(): void {
    for (const page of this.#fresh) {
      const places = this.items.slice(page * pageSize, (page + 1) * pageSize);
      if (places.includes(undefined)) this.#fresh.delete(page);
    }
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => void this.reload(), settleMs);
  }
}

/** Whether a person would want to go on with an item: begun, and not almost over. */
export function isResumable(item: Item): boolean {
  const { positionMs, durationMs, state } = item;
  if (state === 'failed' || state === 'missing') return false;
  return positionMs >= 5000 && (durationMs <= 0 || positionMs < durationMs * 0.95);
}

/** Whether an item can be opened in the player. */
export function isPlayable(item: Item): boolean {
  return item.state === 'linked' || item.state === 'stored';
}

export const library = new Library();
