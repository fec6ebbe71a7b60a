/** Shorter than a token lives, longer than it must be kept before it may be renewed. */
const renewedEveryMs = 580_000;

/** Takes the consent that the bench has given, and keeps an access token of it that is good. */
export async function tokensOf(origin) {
  const ask = async (form) => {
    const answer = await fetch(`${origin}/api/oauth2/token`, {
      method: "POST",
      body: new URLSearchParams({ client_id: process.env.BENCH_EXACT_CLIENT_ID, client_secret: process.env.BENCH_EXACT_CLIENT_SECRET, ...form }),
    });
    if (!answer.ok) throw new Error(`Exact gives no token: ${await answer.text()}`);
    return answer.json();
  };
  let pair = await ask({ grant_type: "authorization_code", code: process.env.BENCH_EXACT_CODE, redirect_uri: process.env.BENCH_EXACT_REDIRECT_URI });
  setInterval(async () => {
    pair = await ask({ grant_type: "refresh_token", refresh_token: pair.refresh_token });
  }, renewedEveryMs).unref();
  return { access: () => pair.access_token };
}
