/** Returns the header with which WorkOS signs the body of a webhook. */
export async function workosSignature(
  body: string,
  at = Date.now(),
  secret = "whsec_test",
): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
    "sign",
  ]);
  const digest = await crypto.subtle.sign("HMAC", key, encoder.encode(`${at}.${body}`));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  return `t=${at}, v1=${hex.join("")}`;
}
