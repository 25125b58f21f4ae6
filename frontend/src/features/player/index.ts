export { default as PlayerView } from './PlayerView.svelte';
