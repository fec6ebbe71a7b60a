const mb = 1024 * 1024;

/** What this process takes: at most since it began, now, and what is left of its heap after a collection (with --expose-gc). */
export function memory(): { readonly peakMb: number; readonly rssMb: number; readonly heapMb: number } {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { peakMb: process.resourceUsage().maxRSS / 1024, rssMb: rss / mb, heapMb: heapUsed / mb };
}
