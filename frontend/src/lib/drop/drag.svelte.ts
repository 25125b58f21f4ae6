import { parsePaths } from './paths';

/** How long a drag may be silent before it is taken to have gone: dragover comes at least every 350 ms. */
const silenceMs = 1200;

export interface Dropped {
  /** The paths, where the page is told; in the program's own window they arrive there instead. */
  paths: string[];
  /** How many files were dropped, as far as the page is told. */
  count: number;
  x: number;
  y: number;
}

/** Whether something that could be files is being dragged. */
export function carriesFiles(types: readonly string[]): boolean {
  return types.includes('Files') || types.includes('text/uri-list');
}

/** A drag of files over the page: whether there is one, and how many files it says it carries. */
export class Drag {
  over = $state(false);
  /** 0 when not known. */
  count = $state(0);

  #depth = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Listens on the whole window until the returned function is called. */
  watch(target: Window, ondropped: (dropped: Dropped) => void): () => void {
    const stop = new AbortController();
    const on = <K extends keyof WindowEventMap>(name: K, run: (event: WindowEventMap[K]) => void) =>
      target.addEventListener(name, run, { signal: stop.signal });

    on('dragenter', (event) => this.#enter(event));
    on('dragover', (event) => this.#move(event));
    on('dragleave', (event) => this.#leave(event));
    on('drop', (event) => {
      const over = this.over || carriesFiles(event.dataTransfer?.types ?? []);
      this.#end();
      if (over) ondropped(read(event));
    });
    // However a drag ends elsewhere, it must leave nothing behind here.
    on('dragend', () => this.#end());
    on('blur', () => this.#quiet());
    on('pointermove', () => this.#end());
    on('keydown', (event) => {
      if (event.key === 'Escape') this.#end();
    });
    return () => {
      stop.abort();
      this.#end();
    };
  }

  #enter(event: DragEvent): void {
    const data = event.dataTransfer;
    if (!data || !carriesFiles(data.types)) return;
    this.#depth++;
    this.over = true;
    this.count = [...data.items].filter((item) => item.kind === 'file').length;
    this.#quiet();
  }

  #move(event: DragEvent): void {
    const data = event.dataTransfer;
    if (!data || !carriesFiles(data.types)) return;
    // Otherwise the pointer would promise that the files are moved away.
    data.dropEffect = 'copy';
    this.over = true;
    this.#quiet();
  }

  #leave(event: DragEvent): void {
    const left = event.relatedTarget === null && outside(event);
    this.#depth = left ? 0 : Math.max(0, this.#depth - 1);
    if (this.#depth === 0) this.#end();
  }

  #quiet(): void {
    clearTimeout(this.#timer);
    if (this.over) this.#timer = setTimeout(() => this.#end(), silenceMs);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#depth = 0;
    this.over = false;
    this.count = 0;
  }
}

function outside(event: DragEvent): boolean {
  const { clientX: x, clientY: y } = event;
  return x <= 0 || y <= 0 || x >= innerWidth || y >= innerHeight;
}

function read(event: DragEvent): Dropped {
  const data = event.dataTransfer;
  const list = data?.getData('text/uri-list') ?? '';
  const paths = parsePaths(list);
  return {
    paths,
    count: Math.max(data?.files.length ?? 0, paths.length),
    x: event.clientX,
    y: event.clientY,
  };
}
