/**
 * The script of all pages, served from our own address because inline scripts are not allowed.
 * Pages work without it. It shows times in the reader's time zone, copies text, asks before
 * deleting, submits sign-in links, and offers new messages.
 */
export const PAGE_SCRIPT = `"use strict";
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const today = at.toDateString() === new Date().toDateString();
  const style = time.dataset.style === "time" || today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  time.textContent = at.toLocaleString(undefined, style);
  time.title = at.toLocaleString();
}
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
for (const form of document.querySelectorAll("form[data-auto]")) form.requestSubmit();
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = "Copied";
  });
}
const openTarget = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
};
window.addEventListener("hashchange", openTarget);
openTarget();
const live = document.querySelector("[data-live]");
if (live) {
  const known = Number(live.dataset.count);
  const check = async () => {
    if (document.hidden) return;
    const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { messages } = await answer.json();
    if (messages <= known) return;
    const more = messages - known;
    live.hidden = false;
    live.querySelector("a").textContent = more === 1 ? "Show 1 new message" : "Show " + more + " new messages";
  };
  setInterval(() => void check().catch(() => {}), 15000);
}
`;
