import type { Chapter } from '../../lib/api';
import type { Player, Request } from '../../lib/player';
import { chapterBy } from './chapters';
import type { Fullscreen } from './fullscreen.svelte';

/** Does what a key asks for. */
export function act(
  request: Request,
  player: Player,
  full: Fullscreen,
  close: () => void,
  chapters: readonly Chapter[],
): void {
  switch (request.do) {
    case 'toggle':
      player.toggle();
      break;
    case 'mute':
      player.toggleMuted();
      break;
    case 'text':
      player.toggleText();
      break;
    case 'fullscreen':
      full.toggle();
      break;
    case 'close':
      if (full.on) full.leave();
      else if (!full.justEnded) close();
      break;
    case 'skip':
      player.skip(request.seconds);
      break;
    case 'step':
      player.step(request.frames);
      break;
    case 'volume':
      player.changeVolume(request.by);
      break;
    case 'place':
      player.seek(player.duration * request.fraction);
      break;
    case 'chapter': {
      const to = chapterBy(chapters, player.now, request.by);
      if (to !== undefined) player.seek(to);
      break;
    }
  }
}
