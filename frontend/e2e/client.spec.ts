import { clip } from './clips';
import { add, expect, running, test } from './program';

test('a video that opens carries what this player can do', async ({ page, start }) => {
  const reported = page.waitForRequest('**/api/reportClient');
  await start();
  const { types } = (await reported).postDataJSON() as { types: Record<string, boolean> };
  const played = page.waitForRequest('**/api/play');
  await add(page, clip('Evening.mp4'));
  const { client } = (await played).postDataJSON() as { client: { types: Record<string, boolean> } };
  expect(client.types, 'it is found out once').toEqual(types);
  // This Chromium turns pictures, decodes VP9 and AV1 itself, and has no screen.
  expect(types).toMatchObject({
    'video/mp4; codecs="avc1.640028"': true,
    'video/mp4; codecs="vp09.00.40.08"': true,
    'video/mp4; codecs="av01.0.08M.08"': true,
    'audio/mp4; codecs="opus"': true,
    'audio/mp4; codecs="mp4a.40.2"; channels=6': true,
    upright: true,
    hdr: false,
  });
  await running(page);
});
