export { default as DropOverlay } from './DropOverlay.svelte';
export { default as Empty } from './Empty.svelte';
export { default as Header } from './Header.svelte';
export { default as Library } from './Library.svelte';
export { default as LocatePanel } from './LocatePanel.svelte';
export { default as PathPanel } from './PathPanel.svelte';
export { default as Trouble } from './Trouble.svelte';
export { default as Waiting } from './Waiting.svelte';
export { text } from './text';
