/** A plain page for a person who came by a link. Every text is escaped; empty ones are left out. */
export function page(title: string, paragraphs: readonly string[]): string {
  const body = paragraphs.filter((text) => text !== "").map((text) => `<p>${escaped(text)}</p>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>body{font:16px/1.5 system-ui;margin:4rem auto;max-width:40rem;padding:0 1rem}</style><h1>${escaped(title)}</h1>${body.join("")}</html>`;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
