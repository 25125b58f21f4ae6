import ASS from 'assjs';

/** What is drawn follows this. */
export interface Clock {
  /** In seconds. */
  readonly now: number;
  readonly paused: boolean;
  readonly rate: number;
}

/** Draws scripts of SubStation Alpha over a picture, one at a time. */
export interface Drawer {
  /** Takes a script in place of the one before, or none. */
  show(script: string | undefined): void;
  /** The time has jumped, or goes on, or stands still. */
  seek(): void;
  play(): void;
  pause(): void;
  destroy(): void;
}

type Frame = (now: number, metadata: { mediaTime: number }) => void;

/**
 * Makes one that draws into an element, which lies exactly on the picture. The renderer knows nothing of rates and
 * begins to run at an event only, so it is given an element that stands for the video, and is told what happens.
 */
export function createDrawer(
  stage: HTMLElement,
  shape: { width: number; height: number },
  clock: Clock,
  onfailure: (reason: unknown) => void,
): Drawer {
  const heard = new Map<string, () => void>();
  let drawn: ASS | undefined;
  let rated = false;

  const guarded = (run: () => void) => {
    try {
      run();
    } catch (reason) {
      onfailure(reason);
    }
  };
  const tell = (event: string) => guarded(() => heard.get(event)?.());
  // It draws by itself, too, when the picture changes its size.
  const watcher = new MutationObserver(() => markLow(stage));
  watcher.observe(stage, { childList: true, subtree: true });

  // Animations of the renderer run by the page's clock.
  const followRate = () => {
    if (clock.rate === 1 && !rated) return;
    rated = clock.rate !== 1;
    for (const animation of stage.getAnimations?.({ subtree: true }) ?? [])
      if (animation.playbackRate !== clock.rate) animation.playbackRate = clock.rate;
  };

  const video = document.createElement('div');
  video.style.cssText = 'position:absolute;inset:0';
  Object.defineProperties(video, {
    videoWidth: { value: shape.width },
    videoHeight: { value: shape.height },
    currentTime: { get: () => clock.now },
    paused: { get: () => clock.paused },
    addEventListener: { value: (name: string, listener: () => void) => heard.set(name, listener) },
    removeEventListener: { value: (name: string) => heard.delete(name) },
    requestVideoFrameCallback: {
      value: (frame: Frame) =>
        requestAnimationFrame((now) =>
          guarded(() => {
            frame(now, { mediaTime: clock.now });
            followRate();
          }),
        ),
    },
    cancelVideoFrameCallback: { value: (id: number) => cancelAnimationFrame(id) },
  });
  stage.append(video);

  return {
    show(script) {
      guarded(() => {
        drawn?.destroy();
        drawn = undefined;
        if (script === undefined) return;
        drawn = new ASS(script, video as unknown as HTMLVideoElement, { container: stage });
        if (!clock.paused) tell('play');
      });
    },
    seek: () => tell('seeking'),
    play: () => tell('play'),
    pause: () => tell('pause'),
    destroy() {
      watcher.disconnect();
      guarded(() => drawn?.destroy());
      video.remove();
    },
  };
}

/**
 * Marks new lines at the bottom, which make room for the controls. Those that were given a place have no padding: they
 * belong to what they lie on, and stay.
 */
function markLow(stage: HTMLElement): void {
  for (const line of stage.querySelectorAll<HTMLElement>('.ASS-dialogue:not([data-looked])')) {
    line.dataset['looked'] = '';
    if (line.style.paddingLeft === '' && line.style.paddingRight === '') continue;
    const [room, box] = [stage.getBoundingClientRect(), line.getBoundingClientRect()];
    line.classList.toggle('low', box.top + box.height / 2 > room.top + (room.height * 2) / 3);
  }
}
