/**
 * The script of all pages, served from our own address because inline scripts are not allowed.
 * Pages work without it. It shows times in the reader's time zone, copies text, asks before
 * deleting, submits sign-in links, and offers new messages.
 */
export const PAGE_SCRIPT = `"use strict";
const localise = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const today = at.toDateString() === new Date().toDateString();
    const style = time.dataset.style === "time" || today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    time.textContent = at.toLocaleString(undefined, style);
    time.title = at.toLocaleString();
  }
};
localise(document);
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
  const target = location.hash && document.getElementById(location.hash.slice(1));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
};
window.addEventListener("hashchange", openTarget);
openTarget();
const live = document.querySelector("[data-live]");
if (live) {
  const link = live.querySelector("a");
  const check = async () => {
    if (document.hidden) return;
    const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { messages } = await answer.json();
    const more = messages - Number(live.dataset.count);
    if (more <= 0) return;
    live.hidden = false;
    link.textContent = more === 1 ? "Show 1 new message" : "Show " + more + " new messages";
  };
  // The last turn may have grown. Those before it stay, and so do the reader's place and what is open.
  const show = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const turns = (page) => [...page.querySelectorAll("article.turn")];
    const [shown, now] = [turns(document), turns(fresh)];
    const last = shown[shown.length - 1];
    const [grown, ...added] = now.slice(shown.length - 1);
    const open = [...last.querySelectorAll("details")].map((one) => one.open);
    grown.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? false; });
    for (const turn of [grown, ...added]) localise(turn);
    last.replaceWith(grown, ...added);
    const end = fresh.querySelector("[data-live]");
    if (end) live.dataset.count = end.dataset.count;
    else live.replaceWith(fresh.querySelector(".next"));
    live.hidden = true;
    const first = added[0] ?? grown;
    first.tabIndex = -1;
    first.focus({ preventScroll: true });
  };
  link.addEventListener("click", (event) => {
    event.preventDefault();
    show().catch(() => location.reload());
  });
  setInterval(() => void check().catch(() => {}), 15000);
}
`;
