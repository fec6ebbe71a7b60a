/** A step that takes a while: says what it does when it begins and how long it took when it ends. */
export async function step(doing, work) {
  const began = Date.now();
  process.stdout.write(`${doing} … `);
  try {
    const result = await work();
    process.stdout.write(`${seconds(Date.now() - began)}\n`);
    return result;
  } catch (error) {
    process.stdout.write("failed\n");
    throw error;
  }
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
