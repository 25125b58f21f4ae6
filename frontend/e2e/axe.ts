import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect } from './program';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** What is wrong with a screen for those who use it otherwise: nothing, it is to be hoped. */
export async function findings(page: Page): Promise<string[]> {
  // The page's policy allows no script of others: it is put in from outside.
  if (!(await page.evaluate(() => 'axe' in window)))
    await page.addScriptTag({ path: axe }).catch(() => undefined);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`),
  );
}

/** Waits until nothing moves: a colour on its way is not the one that stays. */
export async function settled(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running').length))
    .toBe(0);
}
