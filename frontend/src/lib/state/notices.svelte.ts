/** One line of a notice: what it concerns, and one sentence. */
export interface NoticeLine {
  name: string;
  message: string;
}

export interface Notice {
  id: number;
  tone: 'problem' | 'plain';
  lines: NoticeLine[];
  action?: { label: string; run: () => void };
  /** Called when the notice goes without its action. */
  ongone?: () => void;
}

/** The most notices kept: older problems give way. */
const most = 4;

interface Life {
  leftMs: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What the program has to say beside its work. Problems stay until they are dismissed, the rest goes by itself. */
class Notices {
  list = $state.raw<Notice[]>([]);

  #next = 1;
  #lives = new Map<number, Life>();
  #held = false;

  /** Says something; with lifeMs it goes by itself. Gives its id. */
  say(notice: Omit<Notice, 'id'>, lifeMs?: number): number {
    const id = this.#next++;
    this.list = [...this.list, { ...notice, id }];
    if (lifeMs !== undefined) {
      this.#lives.set(id, { leftMs: lifeMs, since: 0, timer: undefined });
      if (!this.#held) this.#run(id);
    }
    const oldest = this.list[0];
    if (oldest && this.list.length > most) this.dismiss(oldest.id);
    return id;
  }

  problem(name: string, message: string): number {
    return this.say({ tone: 'problem', lines: [{ name, message }] });
  }

  /** Takes a notice away: it has been read, or its time is over. */
  dismiss(id: number): void {
    this.#drop(id)?.ongone?.();
  }

  /** Does what a notice offers, and takes it away. */
  act(id: number): void {
    this.#drop(id)?.action?.run();
  }

  /** Stops the time while somebody reads. */
  hold(): void {
    this.#held = true;
    for (const life of this.#lives.values()) {
      if (life.timer === undefined) continue;
      clearTimeout(life.timer);
      life.timer = undefined;
      life.leftMs -= performance.now() - life.since;
    }
  }

  /** Lets the time run on. */
  release(): void {
    this.#held = false;
    for (const id of this.#lives.keys()) this.#run(id);
  }

  #run(id: number): void {
    const life = this.#lives.get(id);
    if (!life || life.timer !== undefined) return;
    life.since = performance.now();
    life.timer = setTimeout(() => this.dismiss(id), Math.max(life.leftMs, 1000));
  }

  #drop(id: number): Notice | undefined {
    const notice = this.list.find((n) => n.id === id);
    clearTimeout(this.#lives.get(id)?.timer);
    this.#lives.delete(id);
    this.list = this.list.filter((n) => n.id !== id);
    return notice;
  }
}

export const notices = new Notices();
